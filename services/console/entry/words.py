"""The words of the way in and out."""

from collections.abc import Mapping

from services.console.words import Pair

WORDS: Mapping[str, Pair] = {
    "title": ("登录", "Sign in"),
    "name": ("账号", "Account"),
    "password": ("密码", "Password"),
    "enter": ("登录", "Sign in"),
    "with_issuer": ("用单位统一身份登录", "Sign in with your office's account"),
    "or": ("或使用本系统账号", "Or with an account of this system"),
    "wrong": (
        "账号或密码不对，或因多次失败暂时锁定（15 分钟后再试）。",
        "Account or password is not right, or locked for 15 minutes after too many failures.",
    ),
    "hello": ("蜂格值班室", "Fengge operators' room"),
    "lead": (
        "查看居民诉求是否在等待，处理未能生效的消息。",
        "See whether residents wait, and mend what failed.",
    ),
}
ISSUER_AWAY: Pair = (
    "统一身份系统暂时无法访问，请稍后再试。",
    "Your office's sign-in does not answer; try again later.",
)
NOT_VOUCHED: Pair = ("统一身份登录未通过，请重新登录。", "The sign-in did not succeed; please start again.")
NO_ROLE: Pair = (
    "您的统一身份没有值班室权限，请联系管理员。",
    "Your account has no role in this room; ask an administrator.",
)
NAME_TAKEN: Pair = (
    "同名的本地账号已存在，请联系管理员。",
    "Another account has that name; ask an administrator.",
)
