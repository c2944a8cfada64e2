"""The Chinese names of what dynamic management records in the audit trail."""

from __future__ import annotations

from dynamic_mgmt.states import CHANGE_TRANSITIONS, INCIDENT_TRANSITIONS
from dynamic_mgmt.table_states import EXPERIENCE_TRANSITIONS, TABLE_TRANSITIONS
from greenportal.audit.actions import of_table, register

register(of_table("dynamic_mgmt.{}_change", CHANGE_TRANSITIONS, "名录变更"))
register(of_table("dynamic_mgmt.{}_incident", INCIDENT_TRANSITIONS, "重大情况"))
register(of_table("dynamic_mgmt.table_{}", TABLE_TRANSITIONS, "动态管理表"))
register(of_table("dynamic_mgmt.experience_{}", EXPERIENCE_TRANSITIONS, "典型经验"))
register(
    {
        "dynamic_mgmt.export_register": "绿色制造名录：导出",
        "dynamic_mgmt.archive": "动态管理：生成存档",
        "dynamic_mgmt.attach_evidence": "动态管理表：上传佐证材料",
        "dynamic_mgmt.confirm_removals": "移出名录：批量复核",
        "dynamic_mgmt.confirm_renames": "名录变更：批量确认更名",
        "dynamic_mgmt.decide_match": "名录：认定疑似同一单位",
        "dynamic_mgmt.decide_removal": "移出名录：复核",
        "dynamic_mgmt.dispatch": "动态管理：登记上报",
        "dynamic_mgmt.enrol": "动态管理：列入本年填报名单",
        "dynamic_mgmt.experience_draft": "典型经验：起草",
        "dynamic_mgmt.export": "动态管理：导出汇总表",
        "dynamic_mgmt.import_figures": "动态管理：导入指标数据",
        "dynamic_mgmt.import_listed": "名录：导入已列入单位",
        "dynamic_mgmt.link_unit": "名录：关联单位账户",
        "dynamic_mgmt.notice": "动态管理表：出具文书",
        "dynamic_mgmt.open_period": "动态管理：开启年度",
        "dynamic_mgmt.place_unit": "名录：确定所属区县",
        "dynamic_mgmt.propose_change": "名录变更：登记",
        "dynamic_mgmt.propose_published_renames": "名录变更：按公布文件登记更名",
        "dynamic_mgmt.propose_removal": "移出名录：登记",
        "dynamic_mgmt.propose_removals": "移出名录：批量登记",
        "dynamic_mgmt.recheck_failed": "名录变更：复核不符合",
        "dynamic_mgmt.recheck_passed": "名录变更：复核符合",
        "dynamic_mgmt.remove_evidence": "动态管理表：移除佐证材料",
        "dynamic_mgmt.report_incident": "重大情况：上报",
        "dynamic_mgmt.seek_matches": "名录：查找疑似同一单位",
        "dynamic_mgmt.set_columns": "动态管理：设定汇总表栏目",
        "dynamic_mgmt.statement": "典型经验：登记书面说明",
        "dynamic_mgmt.statement_withdraw": "典型经验：撤回报告或承诺",
        "dynamic_mgmt.visit": "动态管理：登记现场核查",
    }
)
