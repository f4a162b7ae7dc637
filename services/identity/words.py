"""What the mail with the code says, in the reader's language."""

# ruff: noqa: RUF001 - letters of other alphabets are meant

# subject, and text with {code} and {minutes}; nothing else in it may look like a code
WORDS = {
    "ar": (
        "رمز الدخول إلى VirtuBar",
        "رمز الدخول: {code}\n\nصالح لمدة {minutes} دقيقة. إن لم تطلبه فتجاهل هذه الرسالة.",
    ),
    "de": (
        "Dein Code für VirtuBar",
        "Dein Code: {code}\n\nEr gilt {minutes} Minuten. Nicht angefordert? Dann vergiss ihn.",
    ),
    "en": (
        "Your VirtuBar code",
        "Your code: {code}\n\nIt is good for {minutes} minutes. Not you? Then ignore this mail.",
    ),
    "es": (
        "Tu código de VirtuBar",
        "Tu código: {code}\n\nVale {minutes} minutos. ¿No lo has pedido? Ignora este mensaje.",
    ),
    "fr": ("Votre code VirtuBar", "Votre code : {code}\n\nValable {minutes} minutes. Pas vous ? Ignorez ce message."),
    "he": ("קוד הכניסה ל-VirtuBar", "הקוד שלך: {code}\n\nתקף ל-{minutes} דקות. לא ביקשת? אפשר להתעלם מההודעה."),
    "pt": (
        "O seu código VirtuBar",
        "O seu código: {code}\n\nVálido por {minutes} minutos. Não pediu? Ignore esta mensagem.",
    ),
    "ru": (
        "Код для входа в VirtuBar",
        "Ваш код: {code}\n\nДействует {minutes} мин. Не запрашивали? Ничего не делайте.",
    ),
}


def words_for(locale: str | None) -> tuple[str, str]:
    """Subject and text for a language tag such as `he-IL`; English for a language we do not speak."""
    return WORDS.get((locale or "en").partition("-")[0].lower(), WORDS["en"])
