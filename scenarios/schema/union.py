"""Sections that come in kinds: a tagged union of classes that one key tells apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from hotmesa.scenarios.schema.section import Section


class Kinds(Section):
    """Base of a section that comes in kinds: one class each, which the key `tag` tells apart.

    A subclass with ``kind: Literal["..."] = "..."`` is one more kind; its first line of documentation says what it
    is. The base, called, makes the kind that its arguments name: ``Law(kind="ohmic", ...)`` is an `Ohmic`.

    Attributes:
        tag: the key that tells the kinds apart.
        usual: the kind where that key is missing.
        leaves_behind: whether keys of a base that the kind does not know are left behind where the kind is changed.
        foreign: why a key of another kind has no place here, where more can be said than that it has no effect.
        missing: what is said where a key that the kind needs is missing, if it is more than its description.
    """

    tag: ClassVar[str] = "kind"
    usual: ClassVar[str] = ""
    leaves_behind: ClassVar[bool] = False
    foreign: ClassVar[Mapping[str, str]] = {}
    missing: ClassVar[Mapping[str, str]] = {}

    def __new__(cls, *_: object, **keys: Any) -> Self:
        """Make an instance of the kind that the keys name; `__init__` of that kind then validates it."""
        kinds = cls.kinds()
        return super().__new__(kinds[cls.kind_of(keys)] if len(kinds) > 1 else cls)

    @property
    def word(self) -> str:
        """The word that names the kind."""
        return str(getattr(self, self.tag))

    @classmethod
    def kinds(cls) -> dict[Any, type[Self]]:
        """Every kind by the words that name it."""
        field = cls.model_fields.get(cls.tag)
        words: tuple[str, ...] = get_args(field.annotation) if field is not None else ()
        result: dict[Any, type[Self]] = dict.fromkeys(words, cls)
        for kind in cls.__subclasses__():
            result.update(kind.kinds())
        return result

    @classmethod
    def kind_of(cls, value: object) -> str:
        """The word of the kind that a value is meant to be; the usual one where it does not say or says nonsense."""
        word = value.get(cls.tag, cls.usual) if isinstance(value, Mapping) else getattr(value, cls.tag, cls.usual)
        return word if isinstance(word, str) and word in cls.kinds() else cls.usual

    @model_validator(mode="before")
    @classmethod
    def _without_idle_keys(cls, value: object) -> object:
        """Leave out keys of other kinds that have their default or None: a resolved scenario may spell them out."""
        if not isinstance(value, Mapping):
            return value
        family = next(base for base in reversed(cls.__mro__) if issubclass(base, Kinds) and base is not Kinds)
        others = [kind.model_fields for kind in family.kinds().values()]
        return {
            key: given
            for key, given in value.items()
            if key in cls.model_fields
            or not any(key in other and (given is None or other[key].default == given) for other in others)
        }

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the tagged union of the kinds; a kind itself is a model like any other."""
        kinds = cls.kinds()
        if cls in kinds.values() or not kinds:
            return handler(source)
        choices = {word: handler.generate_schema(kind) for word, kind in kinds.items()}
        return core_schema.tagged_union_schema(choices, discriminator=cls.kind_of)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the JSON schema; that of the union says what it is, and what tells its kinds apart."""
        result = handler(schema)
        if "oneOf" in result:
            result |= {"description": first_line(cls), "x-tag": cls.tag, "x-usual": cls.usual}
            result |= {"x-leaves-behind": True} if cls.leaves_behind else {}
        else:
            told = {"x-foreign": dict(cls.foreign), "x-missing": dict(cls.missing)}
            handler.resolve_ref_schema(result).update({name: texts for name, texts in told.items() if texts})
        return result


def first_line(section: type[Section]) -> str:
    """What a section is, in one line."""
    return (section.__doc__ or "").strip().splitlines()[0]
