"""The text form of scripts in Bitcoin's test vectors, and the two transactions that carry a script case."""

from __future__ import annotations

from typing import Final

from isthmus.reference.bitcoin import Input, Output, Transaction, push

_NAMES: Final = (
    "NOP VER IF NOTIF VERIF VERNOTIF ELSE ENDIF VERIFY RETURN TOALTSTACK FROMALTSTACK 2DROP 2DUP 3DUP 2OVER 2ROT 2SWAP",
    "IFDUP DEPTH DROP DUP NIP OVER PICK ROLL ROT SWAP TUCK CAT SUBSTR LEFT RIGHT SIZE INVERT AND OR XOR EQUAL",
    "EQUALVERIFY RESERVED1 RESERVED2 1ADD 1SUB 2MUL 2DIV NEGATE ABS NOT 0NOTEQUAL ADD SUB MUL DIV MOD LSHIFT RSHIFT",
    "BOOLAND BOOLOR NUMEQUAL NUMEQUALVERIFY NUMNOTEQUAL LESSTHAN GREATERTHAN LESSTHANOREQUAL GREATERTHANOREQUAL MIN",
    "MAX WITHIN RIPEMD160 SHA1 SHA256 HASH160 HASH256 CODESEPARATOR CHECKSIG CHECKSIGVERIFY CHECKMULTISIG",
    "CHECKMULTISIGVERIFY NOP1 CHECKLOCKTIMEVERIFY CHECKSEQUENCEVERIFY NOP4 NOP5 NOP6 NOP7 NOP8 NOP9 NOP10 CHECKSIGADD",
)
OPCODES: Final = {"RESERVED": 0x50} | {name: 0x61 + number for number, name in enumerate(" ".join(_NAMES).split())}
assert (OPCODES["CHECKSIG"], OPCODES["EQUAL"], OPCODES["CHECKSIGADD"]) == (0xAC, 0x87, 0xBA)
OPCODES |= {"NOP2": OPCODES["CHECKLOCKTIMEVERIFY"], "NOP3": OPCODES["CHECKSEQUENCEVERIFY"]}


def _number(value: int) -> bytes:
    """A push of a script number."""
    if value == 0:
        return b"\x00"
    if value == -1 or 1 <= value <= 16:
        return bytes([0x50 + value])
    size = abs(value).bit_length() // 8 + 1
    raw = bytearray(abs(value).to_bytes(size, "little"))
    if value < 0:
        raw[-1] |= 0x80
    return push(bytes(raw))


def assemble(text: str) -> bytes:
    """Bytes of a script: numbers and 'text' are pushed, 0x digits stand as they are, names are opcodes."""
    out = b""
    for word in text.split():
        if word.lstrip("-").isdigit():
            out += _number(int(word))
        elif word.startswith("0x"):
            out += bytes.fromhex(word[2:])
        elif word.startswith("'"):
            out += push(word[1:-1].encode())
        else:
            out += bytes([OPCODES[word.removeprefix("OP_")]])
    return out


def script_case(script_sig: bytes, script: bytes, witness: list[bytes], value: int) -> tuple[Transaction, list[Output]]:
    """The spending transaction of a script case, and what it spends: the vectors' signatures are over exactly these."""
    final = 0xFFFFFFFF
    spent = Output(value, script)
    credit = Transaction(1, [Input(bytes(32), final, b"\x00\x00", final)], [spent], 0)
    entry = Input(credit.txid(), 0, script_sig, final, witness)
    return Transaction(1, [entry], [Output(value, b"")], 0), [spent]
