#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What clients ask a resource manager before they come to the backups: the way of Add-AzEnvironment, Connect-AzAccount
and the cmdlets' defaults through the service alone, and the life cycle of the subscription."""

import unittest

from contract import Contract
from harness import validate

# What the cmdlets' modules are known to send.
METADATA = "2015-01-01"
TENANTS = "2016-06-01"
SUBSCRIPTIONS = "2016-05-01"
LOCATIONS = "2016-06-01"
PROVIDERS = "2016-09-01"
LIFE_CYCLE = "2.0"


class Walk(Contract):
    """A client that is given nothing but an address and credentials."""

    options = {"config": {"arm": {
        "loginEndpoint": "https://adfs.north.example.com/adfs", "graphEndpoint": "https://graph.north.example.com/",
        "portalEndpoint": "https://adminportal.north.example.com/",
        "galleryEndpoint": "https://adminportal.north.example.com:30015/",
        "audiences": ["https://adminmanagement.adfs.north.example.com/5c0a0e0f-4af2-46b1-b6c1-a97b1d8e0c1f"],
        "tenantId": "5c0a0e0f-4af2-46b1-b6c1-a97b1d8e0c1f"}}}

    def only(self, target, version, schema):
        found = self.ok(target, schema, version=version)
        self.assertEqual(list(found), ["value"])
        self.assertEqual(len(found["value"]), 1)
        return found["value"][0]

    def test_from_the_address_to_the_backups(self):
        nobody = self.client.with_token(None)
        self.addCleanup(nobody.close)
        endpoints = nobody.get("/metadata/endpoints", version=METADATA)
        self.assertEqual((endpoints.status, endpoints.headers["Content-Type"]),
                         (200, "application/json; charset=utf-8"))
        validate(endpoints.json, "metadata")
        # Add-AzEnvironment looks at these without asking whether they are there, and knows ADFS by the end.
        login = endpoints.json["authentication"]["loginEndpoint"]
        self.assertTrue(login.rstrip("/").endswith("/adfs"))
        self.assertEqual(endpoints.json["authentication"]["audiences"][0],
                         self.deployment.config["arm"]["audiences"][0])
        self.assertEqual(nobody.get("/metadata/endpoints", version="1.0").json, endpoints.json)
        # Connect-AzAccount, with the token that the login would have given.
        self.assert_error(nobody.get("/tenants", version=TENANTS), 401, "AuthenticationFailed")
        tenant = self.only("/tenants", TENANTS, "tenant_list")
        subscription = self.only("/subscriptions", SUBSCRIPTIONS, "subscription_list")
        self.assertEqual(subscription["tenantId"], tenant["tenantId"])
        self.assertEqual((subscription["displayName"], subscription["state"]),
                         ("Default Provider Subscription", "Enabled"))
        self.assertEqual(self.ok(subscription["id"], "subscription", version=SUBSCRIPTIONS), subscription)
        # Get-AzLocation, the default of -Location; it keeps the regions that some provider is in.
        region = self.only(f"{subscription['id']}/locations", LOCATIONS, "region_list")
        providers = self.ok(f"{subscription['id']}/providers", "provider_list", version=PROVIDERS)["value"]
        self.assertTrue(any(region["displayName"] in kind["locations"]
                            for provider in providers for kind in provider["resourceTypes"]))
        # Get-AzsBackupConfiguration and Get-AzsBackup with their defaults.
        base = f"{subscription['id']}/resourceGroups/system.{region['name']}/providers/Microsoft.Backup.Admin"
        location = self.ok(f"{base}/backupLocations/{region['name']}", "backup_location")
        self.assertEqual(location["id"], self.location)
        self.assertEqual(self.ok(f"{location['id']}/backups", "backup_list")["value"], [])

    def test_versions_that_a_provider_tells_are_served(self):
        listed = self.ok(f"/subscriptions/{self.deployment.subscription}/providers", "provider_list",
                         version=PROVIDERS)["value"]
        for provider in listed:
            kind = next(kind for kind in provider["resourceTypes"] if kind["resourceType"] == "operations")
            for version in kind["apiVersions"]:
                answer = self.client.get(f"/providers/{provider['namespace']}/operations", version=version)
                self.assertEqual(answer.status, 200, (provider["namespace"], version, answer))
                validate(answer.json, "provider_operations")
            self.assertEqual(self.ok(provider["id"], "provider", version=PROVIDERS), provider)
        self.assertEqual([provider["namespace"] for provider in self.ok("/providers", "provider_list",
                                                                        version=PROVIDERS)["value"]],
                         [provider["namespace"] for provider in listed])

    def test_resource_groups(self):
        base = f"/subscriptions/{self.deployment.subscription}/resourceGroups"
        group = self.only(base, PROVIDERS, "resource_group_list")
        self.assertEqual(self.ok(f"{base}/{self.deployment.group}", "resource_group", version=PROVIDERS), group)


class LifeCycle(Contract):
    """Notices of the resource manager."""

    def tell(self, state):
        body = {"state": state, "registrationDate": "Tue, 15 Nov 1994 08:12:31 GMT",
                "properties": {"tenantId": "5c0a0e0f-4af2-46b1-b6c1-a97b1d8e0c1f", "additionalProperties": {"a": 1}}}
        validate(body, "subscription_state", "request")
        answer = self.client.put(f"/subscriptions/{self.deployment.subscription}", body, version=LIFE_CYCLE)
        self.assertEqual((answer.status, answer.json), (200, body), answer)

    def test_a_suspension_outlives_a_restart_and_ends_with_a_registration(self):
        self.deployment.configure(self.service)
        self.tell("Suspended")
        self.assertEqual(self.service.stop(), 0)
        type(self).service = self.deployment.serve()
        self.addClassCleanup(self.service.__exit__, None, None, None)
        type(self).client = self.service.client
        # All that changes something is refused, whatever it is; reading goes on.
        for target in (f"{self.location}/createBackup", f"{self.location}/pruneExternalStore",
                       f"{self.location}/verify", f"{self.location}/maintenance"):
            self.assert_error(self.client.post(target), 409, "ReadOnlyDisabledSubscription")
        self.assert_error(self.client.put(self.location, self.deployment.location_body()), 409,
                          "ReadOnlyDisabledSubscription")
        self.ok(self.location, "backup_location")
        register = f"/subscriptions/{self.deployment.subscription}/providers/Microsoft.Backup.Admin/register"
        self.assert_error(self.client.post(register, version=PROVIDERS), 409, "ReadOnlyDisabledSubscription")
        self.tell("Unregistered")
        self.assert_error(self.client.post(f"{self.location}/createBackup"), 409, "MissingSubscriptionRegistration")
        for _ in range(2):
            answer = self.client.post(register, version=PROVIDERS)
            self.assertEqual(answer.status, 200, answer)
            validate(answer.json, "provider")
            self.assertEqual(answer.json["registrationState"], "Registered")
        self.assertEqual(self.deployment.backup(self.service)["properties"]["backupInfo"]["status"], "Succeeded")

    def test_other_subscriptions_are_not_found(self):
        other = "/subscriptions/00000000-0000-4000-8000-000000000000"
        self.assert_error(self.client.put(other, {"state": "Deleted"}, version=LIFE_CYCLE), 404,
                          "SubscriptionNotFound")
        self.assert_error(self.client.get(f"{other}/locations", version=LOCATIONS), 404, "SubscriptionNotFound")


if __name__ == "__main__":
    unittest.main(verbosity=2)
