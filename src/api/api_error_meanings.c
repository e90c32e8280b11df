/* SPDX-License-Identifier: Apache-2.0 */
/* What every code of the error table means to a client, for api/errors.md. */
#include <string.h>

#include "api_private.h"

static const struct {
	const char *code;
	const char *meaning;
} api_error_meanings[] = {
	{ "AuthenticationFailed", "No credential that is known and still valid came with the "
				  "request. Send another one." },
	{ "AuthorizationFailed", "The caller's role does not allow the operation, or its client "
				 "certificate is not trusted; the message says which." },
	{ "BackupConflictException", "Another operation runs, or maintenance is on. Wait for its "
				     "end and repeat the request." },
	{ "BackupLocationNotConfigured", "There is no share yet. Configure the backup location." },
	{ "BadRequest", "The request is wrong, and repeating it does not help; target names the "
			"parameter or the member of the body." },
	{ "BcdrOperationException", "The operation failed at the share; the message says at what, "
				    "and an alert what to do. Also the code of every operation "
				    "that failed, in its result." },
	{ "EncryptionCertNotConfiguredException", "There is no certificate to encrypt for. "
						  "Configure one with the backup location." },
	{ "ExpectationFailed", "The header Expect asks for more than 100-continue." },
	{ "InternalServerError", "The service's own fault; its log tells why under the id in "
				 "x-ms-request-id." },
	{ "InvalidApiVersionParameter", "The api-version is none that the path has; the message "
					"lists those." },
	{ "InvalidResourceNamespace", "There is no provider of that name." },
	{ "MethodNotAllowed", "The path does not know the method; Allow lists those it knows." },
	{ "MissingApiVersionParameter", "The query has no api-version." },
	{ "MissingSubscriptionRegistration",
	  "The subscription is not registered to use the provider. Register it." },
	{ "PayloadTooLargeException", "The body is too large." },
	{ "PreconditionFailedException", "The resource is not, or no longer, what If-Match or "
					 "If-None-Match names. Read it again." },
	{ "ReadOnlyDisabledSubscription",
	  "The resource manager has warned, suspended or deleted the subscription: it can only be "
	  "read until it is registered again." },
	{ "RemediateAlertPrecheckFailed", "The alert has no automatic repair." },
	{ "RequestConflict", "The state of the resource does not allow the request now; the "
			     "message says which it has." },
	{ "RequestHeaderFieldsTooLarge", "The headers are too large, or too many." },
	{ "RequestUriTooLong", "The address is too long." },
	{ "RequestTimeout", "The request did not arrive in time; the connection was closed." },
	{ "ResourceNotFound", "The path, or what it names, does not exist." },
	{ "ServiceUnavailable", "The service is starting, stopping, out of resources, or asks an "
				"issuer for the key of a token. Try again later." },
	{ "SubscriptionNotFound", "The subscription is not the one that the service belongs to." },
	{ "TooManyRequests", "The caller or the address asks too often, or holds too many "
			     "connections. Try again after the seconds in Retry-After." },
	{ "UnsupportedMediaType", "The body is not application/json in UTF-8, or is encoded." },
};

const char *api_error_meaning(const char *code)
{
	for (size_t i = 0; i < ARRAY_LENGTH(api_error_meanings); i++)
		if (strcmp(api_error_meanings[i].code, code) == 0)
			return api_error_meanings[i].meaning;
	return NULL;
}
