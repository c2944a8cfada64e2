"""The Chinese names of what evaluators record in the audit trail."""

from __future__ import annotations

from evaluators.states import (
    ENGAGEMENT_TRANSITIONS,
    REGISTRATION_TRANSITIONS,
    RELATION_TRANSITIONS,
    REPORT_TRANSITIONS,
)
from greenportal.audit.actions import of_table, register

register(of_table("evaluators.{}_engagement", ENGAGEMENT_TRANSITIONS, "评价项目"))
register(of_table("evaluators.{}_relation", RELATION_TRANSITIONS, "关联关系"))
register(of_table("evaluators.{}_registration", REGISTRATION_TRANSITIONS, "机构登记"))
register(of_table("evaluators.{}_report", REPORT_TRANSITIONS, "年度报告"))
register(
    {
        "evaluators.add_staff": "机构人员：增加",
        "evaluators.allow_late": "年度报告：准予逾期报送",
        "evaluators.assign_leads": "评价项目：指定项目负责人",
        "evaluators.attach_evidence": "机构登记：添加证明材料",
        "evaluators.begin_registration": "机构登记：开始填报",
        "evaluators.begin_report": "年度报告：开始填报",
        "evaluators.change_staff": "机构人员：修改",
        "evaluators.claim_engagement": "评价项目：登记",
        "evaluators.confirm_keep": "不予采信：复核同意维持",
        "evaluators.confirm_lift": "不予采信：复核同意提前解除",
        "evaluators.confirm_revoke": "不予采信：复核同意撤销",
        "evaluators.confirm_sanction": "不予采信：复核登记",
        "evaluators.detach_evidence": "机构登记：移除证明材料",
        "evaluators.drop_keep": "不予采信：复核不同意维持",
        "evaluators.drop_lift": "不予采信：复核不同意提前解除",
        "evaluators.drop_revoke": "不予采信：复核不同意撤销",
        "evaluators.forget_prints": "机构人员：清除离职人员证件号码摘要",
        "evaluators.propose_relation": "关联关系：提请认定",
        "evaluators.record_registration": "机构登记：市局补录",
        "evaluators.record_sanction": "不予采信：登记",
        "evaluators.record_work": "评价项目：登记工作进展",
        "evaluators.recount": "评价项目：按修改后的上限重新标明超出上限",
        "evaluators.register_evaluator": "评价机构：登记",
        "evaluators.regroup": "关联关系：调整关联组",
        "evaluators.remove_staff": "机构人员：移除",
        "evaluators.seal_report": "年度报告：核对盖章件",
        "evaluators.write_appeal": "不予采信：登记机构申诉",
        "evaluators.write_keep": "不予采信：提请维持",
        "evaluators.write_lift": "不予采信：提请提前解除",
        "evaluators.write_revoke": "不予采信：提请撤销",
    }
)
