"""The six directory files: which columns each has, and what a value must look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

from marshmallow import Schema, ValidationError, validates_schema

from contracts.terms import AssigneeKind, Datum
from services.dispatch.directory.columns import (
    choice_column,
    code_column,
    count_column,
    day_column,
    email_column,
    flag_column,
    hours_column,
    items_column,
    moment_column,
    outline_column,
    phone_column,
    text_column,
)

LEVELS = ("district", "subdistrict", "community", "compound", "building")
ASSIGNEE_KINDS: tuple[str, ...] = get_args(AssigneeKind)
PERSONAL_KINDS = ("grid_officer", "party_member", "rota")
ORGANIZATION_KINDS = tuple(kind for kind in ASSIGNEE_KINDS if kind not in PERSONAL_KINDS)
ROLES = (
    "grid_head",
    "building_head",
    "party_group_leader",
    "community_police",
    "linked_cadre",
    "community_secretary",
    "owners_committee",
)


class DatedSchema(Schema):
    """Rows that hold from one day to another."""

    @validates_schema(skip_on_field_errors=True)
    def ends_after_it_begins(self, data: Mapping[str, Any], **_: Any) -> None:
        first, last = data.get("valid_from"), data.get("valid_to")
        if first and last and last < first:
            raise ValidationError(f"ends on {last}, before it begins on {first}", "valid_to")


class GridSchema(Schema):
    code = code_column("网格编码")
    parent = text_column("上级网格", required=False, refers="cell")
    level = choice_column("层级", LEVELS)
    name = text_column("名称")
    aliases = items_column("别名与地址")
    active = flag_column("启用", default=True)
    boundary = outline_column("边界")
    datum = choice_column("坐标系", get_args(Datum), load_default="wgs84")


class OrganizationSchema(Schema):
    code = code_column("单位编码")
    kind = choice_column("单位类别", ORGANIZATION_KINDS)
    name = text_column("名称")
    cell = text_column("所在网格", refers="cell")
    active = flag_column("启用", default=True)


class PersonSchema(DatedSchema):
    code = code_column("人员编码")
    kind = choice_column("接单类别", ASSIGNEE_KINDS)
    name = text_column("姓名")
    organization = text_column("所属单位", required=False, refers="organization")
    cell = text_column("负责网格", refers="cell")
    roles = items_column("职务", ROLES)
    unit = text_column("双报到单位", required=False)
    skills = items_column("特长")
    load_cap = count_column("同时办理上限", load_default=20)
    email = email_column("电子邮箱")
    phone = phone_column("电话")
    active = flag_column("启用", default=True)
    valid_from = day_column("生效日期")
    valid_to = day_column("截止日期")
    available = hours_column("可服务时段")

    @validates_schema(skip_on_field_errors=True)
    def answers_for_an_organization(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["kind"] in ORGANIZATION_KINDS and not data["organization"]:
            raise ValidationError(f"a {data['kind']} must name its organisation", "organization")


class ContractSchema(DatedSchema):
    code = code_column("合同编号")
    organization = text_column("承接单位", refers="organization")
    items = items_column("服务事项", required=True, refers="catalogue")
    areas = items_column("服务网格", required=True, refers="cell")
    quota = count_column("额度")
    valid_from = day_column("生效日期", required=True)
    valid_to = day_column("截止日期", required=True)
    fee_mode = choice_column("收费方式", ("free", "low_fee"))
    response_hours = count_column("响应时限(小时)", least=1)
    quota_month = count_column("每月额度", load_default=None)


class RotaSchema(Schema):
    cell = text_column("值班网格", refers="cell")
    assignee = text_column("值班人员", refers="assignee")
    from_at = moment_column("上班时间")
    to_at = moment_column("下班时间")
    role = choice_column("值班角色", ("duty", "substitute", "leader"), load_default="duty")
    repeat_days = count_column("轮换天数", least=1, load_default=None)
    valid_to = day_column("截止日期")

    @validates_schema(skip_on_field_errors=True)
    def fits_into_its_turn(self, data: Mapping[str, Any], **_: Any) -> None:
        length = data["to_at"] - data["from_at"]
        if length <= timedelta(0):
            raise ValidationError("the shift ends before it begins", "to_at")
        if data["repeat_days"] and length > timedelta(days=data["repeat_days"]):
            raise ValidationError(
                "the shift is longer than the days after which it comes again", "repeat_days"
            )


class CatalogueSchema(DatedSchema):
    category = code_column("事项编码")
    version = count_column("版本", least=1, load_default=1)
    aliases = items_column("别名")
    list = choice_column("三单", ("need", "resource", "service_item"))
    duty_list = choice_column("履职清单", ("duty", "agency", "assist"), load_default=None)
    name_zh = text_column("中文名称")
    name_en = text_column("英文名称")
    path = text_column("分类路径")
    mode = choice_column("派单方式", ("direct", "sequential", "claim"))
    kinds = items_column("接单顺序", ASSIGNEE_KINDS, required=True)
    skills = items_column("所需特长")
    emergency = flag_column("紧急", default=False)
    verification = choice_column("核查方式", ("none", "evidence", "callback", "on_site"))
    fee_mode = choice_column("收费方式", ("free", "low_fee"), load_default="free")
    valid_from = day_column("生效日期", required=True)
    valid_to = day_column("截止日期")
    about = items_column("涉及对象", ASSIGNEE_KINDS)
    identity = choice_column("身份要求", ("masked", "full"), load_default="masked")

    @validates_schema(skip_on_field_errors=True)
    def asks_nobody_about_himself(self, data: Mapping[str, Any], **_: Any) -> None:
        if own := set(data["about"]) & set(data["kinds"]):
            raise ValidationError(f"is about {', '.join(sorted(own))}, who cannot be asked then", "about")


@dataclass(frozen=True, slots=True)
class FileKind:
    """One sort of directory file: its name, the table it fills, the columns that name a row, its schema."""

    name: str
    table: str
    key: tuple[str, ...]
    schema: Schema


# In this order, because each file may refer to those before it.
FILE_KINDS = (
    FileKind("grids", "cell", ("code",), GridSchema()),
    FileKind("organizations", "organization", ("code",), OrganizationSchema()),
    FileKind("catalogue", "catalogue", ("category", "version"), CatalogueSchema()),
    FileKind("people", "assignee", ("code",), PersonSchema()),
    FileKind("contracts", "contract", ("code",), ContractSchema()),
    FileKind("rota", "rota", ("cell", "role", "assignee", "from_at"), RotaSchema()),
)
