"""What each recorded action is called in Chinese. The trail keeps the code for good; the name is looked up when read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from greenportal.transitions import Transition

_names: dict[str, str] = {}


def register(names: Mapping[str, str]) -> None:
    """Name actions, once each: every app names its own when it starts. Raises ValueError for a second, other name."""
    for action, name in names.items():
        if _names.setdefault(action, name) != name:
            raise ValueError(f"{action} is named {_names[action]} already")


def of_table(pattern: str, table: Iterable[Transition], thing: str) -> dict[str, str]:
    """Return names for a state machine's moves: `pattern` holds {} for the move, `thing` says what moves."""
    found: dict[str, list[str]] = {}
    for row in table:
        labels = found.setdefault(pattern.format(row.action), [])
        if row.label not in labels:
            labels.append(row.label)
    return {action: f"{thing}：{'／'.join(labels)}" for action, labels in found.items()}


def name_of(action: str) -> str:
    """Return the action's Chinese name; empty when nobody named it (codes of former versions)."""
    return _names.get(action, "")


def codes_named(text: str) -> list[str]:
    """Return the codes of the actions whose name holds `text`."""
    return sorted(action for action, name in _names.items() if text and text in name)


register(
    {
        "accounts.delegate": "账户：委托代办",
        "accounts.disable": "账户：停用",
        "accounts.enable": "账户：恢复使用",
        "accounts.end": "账户：结束任职",
        "accounts.enrol_second_factor": "账户：设置动态口令",
        "accounts.grant": "账户：授予身份",
        "accounts.issue_link": "账户：发出链接",
        "accounts.password_set": "账户：设置密码",
        "accounts.register": "账户：注册",
        "accounts.reset_second_factor": "账户：重置动态口令",
        "accounts.revoke_link": "账户：收回链接",
        "accounts.sign_in": "账户：登录",
        "accounts.sign_out": "账户：退出登录",
        "accounts.switch": "账户：切换身份",
        "accounts.use_link": "账户：使用链接",
        "audit.read": "查看受保护的信息",
        "audit.verify": "审计记录：核验完整性",
        "directory.edit_authority": "名录：修改主管部门信息",
        "directory.import_industries": "名录：导入行业分类",
        "directory.register_organisation": "名录：登记单位",
        "directory.register_subject": "名录：登记申报对象",
        "directory.rename_organisation": "名录：单位更名",
        "files.corrupt": "文件：发现内容损坏",
        "files.delete": "文件：删除",
        "files.forget": "文件：按保存期限清除",
        "files.download": "文件：下载",
        "files.infected": "文件：发现病毒",
        "files.receive": "文件：上传",
        "filings.answer_comment": "填报：答复意见",
        "filings.comment": "填报：提出意见",
        "filings.confirm_section": "填报：确认沿用内容",
        "filings.copy": "填报：复制往年内容",
        "filings.freeze": "填报：固定版本",
        "filings.import": "填报：由表格导入",
        "filings.renew": "填报：换用新版表单",
        "filings.save": "填报：保存",
        "filings.start": "填报：开始",
        "http.refused": "请求被拒绝",
        "jobs.abandon": "后台任务：放弃",
        "jobs.cancel": "后台任务：取消",
        "jobs.retry": "后台任务：重新执行",
        "jobs.run": "后台任务：执行",
        "mail.abandon": "邮件：放弃发送",
        "mail.retry": "邮件：重新发送",
        "rounds.add_deadline": "申报轮次：增加期限",
        "rounds.clear_deadline": "申报轮次：取消区县自定期限",
        "rounds.close": "申报轮次：关闭",
        "rounds.grant_extension": "申报轮次：批准延期",
        "rounds.open": "申报轮次：开启",
        "rounds.prepare": "申报轮次：筹备",
        "rounds.revise": "申报轮次：修订",
        "rounds.revoke_extension": "申报轮次：撤销延期",
        "rounds.set_deadline": "申报轮次：设定区县期限",
    }
)
