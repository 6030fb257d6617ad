import NextAuth from "next-auth";
import { sessions } from "../../../../sessions.js";

const answer = NextAuth(sessions);

export { answer as GET, answer as POST };
