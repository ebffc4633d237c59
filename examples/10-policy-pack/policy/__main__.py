"""The policy pack: shows what a preview or an update is about to do to the rules in rules.py."""

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from rules import RESOURCE_RULES, STACK_RULES, Resource, Rule


def name_and_summary(rule: Rule) -> tuple[str, str]:
    return rule.__name__.replace("_", "-"), (rule.__doc__ or "").partition("\n")[0]


def for_resources(rule: Rule) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for found in rule([Resource(args.resource_type, args.urn, args.props)]):
            report(found.message)

    return ResourceValidationPolicy(*name_and_summary(rule), validate)


def for_stacks(rule: Rule) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        resources = []
        for one in args.resources:
            origins = {
                name: frozenset(origin.urn for origin in found)
                for name, found in one.property_dependencies.items()
            }
            resources.append(Resource(one.resource_type, one.urn, one.props, origins))
        for found in rule(resources):
            report(found.message, found.urn)

    return StackValidationPolicy(*name_and_summary(rule), validate)


PolicyPack(
    name="openrouter-house-rules",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[*map(for_resources, RESOURCE_RULES), *map(for_stacks, STACK_RULES)],
)
