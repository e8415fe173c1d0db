// The sandbox's control API.

async function request(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await fetch(`/control/${path}`, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `the sandbox answered ${response.status}`);
  return answer;
}

export const api = {
  state: (user, client) => request("GET", `state?user=${user ?? ""}&client=${client}`),
  act: (user, act, body) => request("POST", `people/${user}/${act}`, body),
  traffic: (after) => request("GET", `traffic?after=${after}`),
  mail: () => request("GET", "mail"),
  reset: () => request("POST", "reset", {}),
  setUser: (user, fields) => request("PATCH", `users/${user}`, fields),
  faults: () => request("GET", "faults"),
  addFault: (fault) => request("POST", "faults", fault),
  clearFaults: () => request("DELETE", "faults"),
  sockets: (what) => request("POST", `sockets/${what}`, {}),
};

export async function uploadFile(user, file) {
  const form = new FormData();
  form.append("file", file);
  const response = await fetch(`/control/people/${user}/files`, { method: "POST", body: form, headers: { "X-Sandbox": "page" } });
  return (await response.json()).file;
}

// Calls back at once and after each change, never twice at the same time.
export function onChange(callback) {
  let wanted = false;
  let running = false;
  const run = async () => {
    wanted = true;
    if (running) return;
    running = true;
    while (wanted) {
      wanted = false;
      await callback();
    }
    running = false;
  };
  const source = new EventSource("/control/changes");
  source.onmessage = run;
  source.onopen = () => document.body.classList.remove("offline");
  source.onerror = () => document.body.classList.add("offline");
  return run;
}
