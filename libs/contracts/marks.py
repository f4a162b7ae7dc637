"""What a field's type may say beyond its shape. Each mark shows in the JSON Schema too."""

from typing import Any, ClassVar

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue


class Mark:
    """Put into `Annotated[...]`; changes nothing about validation."""

    KEYWORD: ClassVar[str]

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(core_schema), self.KEYWORD: True}


class PersonalMark(Mark):
    """Tells who somebody is: sealed under the subject's key in the store, never published."""

    KEYWORD = "x-personal"


class UserMark(Mark):
    """A person's id: in the clear on topics, a pseudonym in the lake."""

    KEYWORD = "x-user"


class OperatorText(Mark):
    """Free text written by operators for everyone to read; it is about no person."""

    KEYWORD = "x-operator-text"
