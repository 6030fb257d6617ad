/** What the API answers, all of it below /api. */
import type { Projects } from "./projects.js";
import { type Accounts, accountRoutes, visitor } from "./shared/accounts.js";
import type { Bucket } from "./shared/bucket.js";
import type { Database } from "./shared/database.js";
import { deepHealth, health, objects, primary, queue } from "./shared/health.js";
import { body, form, ID, Refusal, type Route } from "./shared/http.js";
import { jobRoute, type Jobs } from "./shared/jobs.js";

const LARGEST_PROJECT = 1024 * 1024;

export interface Parts {
  accounts: Accounts;
  attempts: number;
  bucket: Bucket;
  database: Database;
  jobs: Jobs;
  projects: Projects;
}

export function routes({ accounts, attempts, bucket, database, jobs, projects }: Parts): Route[] {
  const found = async (id: string | undefined) => {
    const project = await projects.find(id as string);
    if (!project) throw new Refusal(404, `there is no project ${id}`);
    return project;
  };

  return [
    health(/^\/api\/health$/),
    deepHealth(/^\/api\/health\/deep$/, {
      primary: primary(database),
      queue: queue(jobs),
      bucket: objects(bucket),
    }),
    {
      method: "POST",
      path: /^\/api\/projects$/,
      answer: async (request) => {
        const user = await visitor(accounts, request);
        const content = (await body(request.message, LARGEST_PROJECT)).toString();
        if (!content) throw new Refusal(400, "a project has some text");
        const title = request.url.searchParams.get("title") ?? "untitled";
        const project = await projects.add(title, content, user?.id ?? null);
        const headers = { Location: `/api/projects/${project.id}` };
        return { status: 201, headers, body: project };
      },
    },
    {
      method: "GET",
      path: new RegExp(`^/api/projects/${ID}$`),
      answer: async ({ parts }) => ({ body: await found(parts["id"]) }),
    },
    {
      method: "GET",
      path: new RegExp(`^/api/projects/${ID}/export$`),
      answer: async ({ parts }) => {
        const project = await found(parts["id"]);
        if (project.outline === null) throw new Refusal(404, "no job has been done for it yet");
        const file = await bucket.get(`exports/${project.id}.md`);
        return { headers: { "Content-Type": file.type }, stream: file.body };
      },
    },
    {
      method: "POST",
      path: /^\/api\/profiles$/,
      answer: async (request) => {
        const user = await visitor(accounts, request);
        if (!user) throw new Refusal(401, "a token is needed");
        const { base_url: baseUrl, key } = await form(request.message);
        if (typeof baseUrl !== "string" || typeof key !== "string" || !key) {
          throw new Refusal(400, "base_url and key are needed");
        }
        return { status: 201, body: { id: await projects.addProfile(user.id, baseUrl, key) } };
      },
    },
    {
      method: "POST",
      path: new RegExp(`^/api/projects/${ID}/outline$`),
      answer: async (request) => {
        const project = await found(request.parts["id"]);
        const profile = request.url.searchParams.get("profile");
        if (profile !== null) {
          const user = await visitor(accounts, request);
          if (!user || !(await projects.ownsProfile(user.id, profile))) {
            throw new Refusal(404, `there is no profile ${profile}`);
          }
        }
        const data = {
          project: project.id,
          profile,
          milliseconds: Number(request.url.searchParams.get("milliseconds") ?? 0),
        };
        const id = await jobs.add("outline", data, attempts, 5);
        return { status: 202, headers: { Location: `/api/jobs/${id}` }, body: { id } };
      },
    },
    jobRoute(jobs, "/api"),
    ...accountRoutes(accounts, "/api"),
  ];
}
