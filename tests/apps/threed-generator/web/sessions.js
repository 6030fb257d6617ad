/** Who is logged in: the API knows passwords, and NEXTAUTH_SECRET signs what the browser keeps. */
import CredentialsProvider from "next-auth/providers/credentials";

async function authorize({ email, password }) {
  const answer = await fetch(`${process.env.NEXT_PUBLIC_API_URL}/auth/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  return answer.ok ? { id: email, email } : null;
}

export const sessions = {
  session: { strategy: "jwt" },
  providers: [
    CredentialsProvider({ credentials: { email: {}, password: { type: "password" } }, authorize }),
  ],
};
