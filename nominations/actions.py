"""The Chinese names of what nominations record in the audit trail."""

from __future__ import annotations

from greenportal.audit.actions import of_table, register
from nominations.states import CITY_LIST_TRANSITIONS, LIST_TRANSITIONS, NOMINATION_TRANSITIONS

register(of_table("nomination.{}", NOMINATION_TRANSITIONS, "申报"))
register(of_table("list.{}", LIST_TRANSITIONS, "推荐汇总表"))
register(of_table("city_list.{}", CITY_LIST_TRANSITIONS, "市级汇总表"))
register(
    {
        "city_list.disturbed": "市级汇总表：批准后情况有变化",
        "city_list.prepare": "市级汇总表：编制",
        "consultation.answer": "征求意见：登记答复",
        "consultation.ask": "征求意见：发出",
        "consultation.cancel": "征求意见：撤销",
        "list.closed": "推荐汇总表：报送截止",
        "list.count_paper": "推荐汇总表：清点纸质材料",
        "list.packet_ready": "推荐汇总表：申报材料生成完毕",
        "list.rank": "推荐汇总表：调整排序",
        "list.request_packet": "推荐汇总表：重新生成申报材料",
        "list.seal_correction": "推荐汇总表：核对补正盖章件",
        "nomination.ask_confirmation": "申报：请法定代表人确认",
        "nomination.attach": "申报：添加附件",
        "nomination.confirm": "申报：法定代表人确认",
        "nomination.create": "申报：新建",
        "nomination.decide": "申报：对核查结果作出决定",
        "nomination.declare_independence": "申报：声明评价机构独立性",
        "nomination.evaluator": "申报：选定评价机构",
        "nomination.independence": "申报：认定评价机构独立性",
        "nomination.industry": "申报：修改所属行业",
        "nomination.industry_standard": "申报：选定行业评价标准",
        "nomination.invite": "申报：邀请填报",
        "nomination.key_energy": "申报：认定重点用能单位",
        "nomination.mark_signatures": "申报：核对签字盖章",
        "nomination.national": "申报：登记国家平台填报",
        "nomination.remove": "申报：移除附件",
        "nomination.report_finished": "第三方评价报告：确认完成",
        "nomination.report_reopened": "第三方评价报告：重新填写",
        "nomination.standard": "申报：选定评价标准",
    }
)
