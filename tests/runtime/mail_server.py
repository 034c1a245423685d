"""A mail server on loopback, for the tests of `email`: aiosmtpd, with TLS and a login where asked for.

usage: mail_server.py MAILS [CERTIFICATE KEY]

Prints its port. Each mail that it takes is appended to the file MAILS as a line of JSON before it is
acknowledged. With a certificate it offers STARTTLS, and takes mails only from who logged in over it as
`deployer` with the password `canary-81c2`. It refuses mails for nobody@…, hangs up once behind the text of
one for crash@…, which it has taken and does not say so, and never says a word behind that of one for silent@….
Who has sent one for deaf@…, which it takes, or was refused one for deaf-nobody@…, is told no goodbye.
"""
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    def __init__(self, path):
        self.path = path
        self.crashed = False

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("deaf"):
            session.deaf = True
        if address.startswith(("nobody@", "deaf-nobody@")):
            return "550 there is nobody here of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_QUIT(self, server, session, envelope):
        if getattr(session, "deaf", False):
            await asyncio.get_running_loop().create_future()
        return "221 Bye"

    async def handle_DATA(self, server, session, envelope):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos,
                                   "tls": session.ssl is not None, "login": bool(session.authenticated),
                                   "data": envelope.content.decode()}) + "\n")
        if not self.crashed and any(address.startswith("crash@") for address in envelope.rcpt_tos):
            self.crashed = True
            server.transport.abort()
        if any(address.startswith("silent@") for address in envelope.rcpt_tos):
            await asyncio.get_running_loop().create_future()
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    known = (data.login, data.password) == (b"deployer", b"canary-81c2")
    return AuthResult(success=known, handled=known)


async def main():
    options = {}
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        options = {"tls_context": context, "require_starttls": True, "auth_required": True,
                   "authenticator": authenticate}
    handler = Handler(sys.argv[1])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname="mail.test", **options), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
