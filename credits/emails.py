"""What the mails about credits say."""

from atlas_site.lib.mail import Mail
from credits.models import Credit

PLANS_PATH = "/billing/"


def low_credits_mail(wallet: Credit) -> Mail:
    """Return the mail that says how few credits are left, of what, and what can be done about it."""
    has_plan = bool(wallet.period) and not wallet.is_welcome and not wallet.subscription_frozen
    left = wallet.not_frozen
    paragraphs = []
    if wallet.warning_due == Credit.Shortage.EMPTY:
        subject = "Your Atlas credits are used up"
        paragraphs.append("You have no credits left in Atlas. All that you own stays open, and so do counts and lists.")
    else:
        subject = f"{left:,} Atlas credits are left"
        basis = f"the {wallet.period_grant:,} of this period" if has_plan else f"your last {wallet.last_purchase:,}"
        paragraphs.append(f"{left:,} credits are left of {basis}.")
    if wallet.reserved:
        paragraphs.append(f"{wallet.reserved:,} more are held for work that runs; what it does not use comes back.")
    if has_plan and wallet.period_ends_at:
        day = f"{wallet.period_ends_at:%B} {wallet.period_ends_at.day}"
        paragraphs.append(
            f"Your plan brings {wallet.period_grant:,} new credits with its next period, which begins on {day}. "
            "If you need more before, buy a credit pack, or change to a larger plan."
        )
    else:
        paragraphs.append("To go on, buy a credit pack, whose credits stay until you use them, or choose a plan.")
    paragraphs.append("This is sent once at a fifth and once at zero, and not again until credits come in.")
    return Mail(subject=subject, paragraphs=paragraphs, link_label="Plans and credit packs", link_path=PLANS_PATH)
