"""Whose ticket is whose."""

from agent.database.tickets import Consultation
from agent.domain.identifiers import CallId
from agent.domain.rights import RIGHTS, Identity, Right, Role
from agent.web.ticket_rights import may_act, may_see, names_of, sees_all, sees_persons


def somebody(role: Role, operator: str | None = None) -> Identity:
    return Identity(account="siti", name="Siti", role=role, rights=RIGHTS[role], operator=operator)


def consultation(operator: str | None) -> Consultation:
    return Consultation(
        ticket_number="26-00412-0",
        call_id=CallId("1"),
        form_number="0001/FK-TLP/LPSE.BTG/2026",
        form=None,
        values={},
        zone="WIB",
        caller="0812",
        operator=operator,
    )


def test_a_supervisor_sees_and_does_all_and_an_auditor_only_looks() -> None:
    supervisor, auditor = somebody(Role.SUPERVISOR), somebody(Role.AUDITOR)
    assert may_see(supervisor) is may_act(supervisor) is may_see(auditor) is None
    assert sees_all(auditor)
    assert sees_persons(supervisor)
    assert not sees_persons(auditor)


def test_an_operators_own_are_those_of_his_telephone() -> None:
    own = may_act(somebody(Role.OPERATOR, "op-101"))
    assert own
    assert own(consultation("op-101"), None)
    assert not own(consultation("op-102"), None)
    assert sees_persons(somebody(Role.OPERATOR, "op-101"))


def test_who_has_no_telephone_owns_no_call_that_nobody_took() -> None:
    nobody = somebody(Role.OPERATOR)
    own = may_see(nobody)
    assert own
    assert not own(consultation(None), None)
    assert names_of(nobody) == ("siti",)


def test_a_program_with_the_desks_scope_alone_sees_its_own_only() -> None:
    program = Identity(account="token:1", name="x", rights=frozenset({Right.DESK}))
    assert may_see(program)
    assert not sees_all(program)
