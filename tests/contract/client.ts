// SPDX-License-Identifier: Apache-2.0
// A client's day with the packages that autorest made: configure, back up, list, prune, restore, close an alert.
// That it compiles shows the types of what it gets; that it runs, that the service sends them.
import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { BackupClient } from "./backup/src/index.js";
import { AlertClient } from "./alerts/src/index.js";

interface Settings {
  url: string; token: string; subscription: string; location: string; share: string; certificate: string;
  pfx: string; pfxPassword: string; restores: boolean;
}

const settings: Settings = JSON.parse(readFileSync(0, "utf8"));
const credential = { getToken: async () => ({ token: settings.token, expiresOnTimestamp: Date.now() + 3600e3 }) };
const options = { endpoint: settings.url, $host: settings.url, retryOptions: { maxRetries: 0 } };
const wait = { updateIntervalInMs: 100 };
const group = `System.${settings.location}`;

async function backups(client: BackupClient): Promise<void> {
  const stored = await client.backupLocations.beginUpdateAndWait(group, settings.location, {
    location: settings.location,
    path: settings.share, userName: "EXAMPLE\\backupsvc", password: "the password of the share",
    encryptionCertBase64: settings.certificate, backupFrequencyInHours: 10, isBackupSchedulerEnabled: true,
    backupRetentionPeriodInDays: 6,
  }, wait);
  const frequency: number | undefined = stored.backupFrequencyInHours;
  assert.equal(frequency, 10);
  assert.equal(stored.path, settings.share);
  assert.equal(stored.password ?? null, null);
  assert.ok(stored.nextBackupTime instanceof Date);
  console.log(`client: configured, next backup ${stored.nextBackupTime.toISOString()}`);

  const made = await client.backupLocations.beginCreateBackupAndWait(group, settings.location, wait);
  const status: string | undefined = made.status;
  assert.equal(status, "PartialSucceeded");
  assert.ok(made.createdDateTime instanceof Date);
  assert.ok(made.name);
  console.log(`client: backup ${made.name} ${status}`);

  const names: string[] = [];
  for await (const backup of client.backups.list(group, settings.location))
    names.push(backup.name ?? "");
  assert.deepEqual(names, [made.name]);
  const one = await client.backups.get(group, settings.location, names[0].split("/")[1]);
  assert.equal(one.roleStatus?.find(role => role.roleName === "Files")?.status, "Succeeded");
  console.log(`client: listed ${names.length}`);

  const pruned = await client.backupLocations.beginPruneExternalStoreAndWait(group, settings.location, {
    ...wait, option: { operationType: "DryRun" } });
  assert.deepEqual(pruned.pathsToDelete, []);
  console.log("client: a prune would remove nothing");

  if (settings.restores) {
    await client.backups.beginRestoreAndWait(settings.location, group, names[0].split("/")[1], {
      roleName: "Files", decryptionCertBase64: settings.pfx, decryptionCertPassword: settings.pfxPassword }, wait);
    console.log("client: restored Files");
  }
}

async function alerts(client: AlertClient): Promise<void> {
  let open = 0;
  for await (const alert of client.alerts.list(group, settings.location, {
    filter: "Properties/State eq 'Active'" })) {
    assert.ok(alert.name && alert.title);
    const name = alert.name.split("/")[1];
    const closed = await client.alerts.close(group, settings.location, name, "operator", {});
    assert.equal(closed.state, "Closed");
    console.log(`client: closed "${closed.title}"`);
    open++;
  }
  assert.ok(open > 0);
}

await backups(new BackupClient(credential, settings.subscription, options));
await alerts(new AlertClient(credential, settings.subscription, options));
console.log("client: done");
