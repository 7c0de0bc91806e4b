package api

// endpoints is everything that is served. Paths, verbs and keys are those of the hosted API; its SDKs of two generations
// differ in the verbs that they send, and both work.
func endpoints() []endpoint {
	code := gift{"access_code", accessCode{}}
	codes := gift{"access_codes", []accessCode{}}
	try := gift{"action_attempt", attempt{}}
	pages := gift{"pagination", pagination{}}
	return []endpoint{
		on("/access_codes/create", "POST", ScopeWrite, "Creates an access code on a device.", codesCreate, code, try).paced(paceCreate),
		on("/access_codes/create_multiple", "POST PUT", ScopeWrite, "Creates access codes with the same digits on several devices.", codesCreateMultiple, codes).paced(paceCreate),
		on("/access_codes/update", "POST PATCH PUT", ScopeWrite, "Changes an access code.", codesUpdate, try).paced(paceUpdate),
		on("/access_codes/update_multiple", "POST PATCH", ScopeWrite, "Changes every access code of a common key.", codesUpdateMultiple),
		on("/access_codes/delete", "POST DELETE", ScopeWrite, "Takes an access code away.", codesDelete, try).paced(paceDelete),
		on("/access_codes/get", "GET POST", ScopeRead, "Shows an access code.", codesGet, code),
		on("/access_codes/list", "GET POST", ScopeRead, "Lists access codes.", codesList, codes, pages),
		on("/access_codes/generate_code", "GET POST", ScopeRead, "Draws digits that a device takes, and keeps nothing.", codesGenerate, gift{"generated_code", generated{}}),
		on("/access_codes/pull_backup_access_code", "POST", ScopeWrite, "Has a backup stand in for an access code.", codesPull, code, gift{"backup_access_code", accessCode{}}),
		on("/access_codes/unmanaged/list", "GET POST", ScopeRead, "Lists codes that somebody else put on a device.", unmanagedList, gift{"access_codes", []unmanagedCode{}}, pages),
		on("/access_codes/unmanaged/get", "GET POST", ScopeRead, "Shows a code that somebody else put on a device.", unmanagedGet, gift{"access_code", unmanagedCode{}}),
		on("/access_codes/unmanaged/delete", "POST DELETE", ScopeWrite, "Erases a code that somebody else put on a device.", unmanagedDelete, try),
		on("/access_codes/unmanaged/convert_to_managed", "POST PATCH", ScopeWrite, "Manages a code that somebody else put on a device.", unmanagedConvert),
		on("/access_codes/unmanaged/update", "POST PATCH", ScopeWrite, "Manages a code that somebody else put on a device.", unmanagedConvert),
		on("/v1/keys/create", "POST", scopeOwner, "Makes an API key.", keysCreate, gift{"api_key", shownKey{}}),
		on("/v1/keys/list", "GET POST", scopeOwner, "Lists API keys.", keysList, gift{"api_keys", []shownKey{}}),
		on("/v1/keys/revoke", "POST", scopeOwner, "Ends an API key.", keysRevoke),
		on("/action_attempts/get", "GET POST", ScopeRead, "Tells how far something has come that goes on after its answer.", attemptGet, try),
	}
}
