package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestKeysAndScopes(t *testing.T) {
	r := newRig(t)
	code := r.post("/access_codes/create", "device_id", "front").at("access_code")
	id := code.(map[string]any)["access_code_id"].(string)
	digits := code.(map[string]any)["code"].(string)
	reads := r.newKey("reader", ScopeRead)
	for key, want := range map[string]int{"": 401, "seam_1nobody_x": 401, reads + "x": 401, reads: 403, r.key: 200} {
		if a := r.sendAs(key, "POST", "/access_codes/create", object("device_id", "gate")); a.status != want {
			t.Errorf("a creation: %d %s, want %d", a.status, a.raw, want)
		}
	}
	a := r.sendAs(reads, "GET", "/access_codes/get?access_code_id="+id, "")
	if a.status != http.StatusOK || a.at("access_code.code") != nil || strings.Contains(a.raw, digits) {
		t.Errorf("without the scope pins: %d %s", a.status, a.raw)
	}
	if a := r.sendAs(reads, "GET", "/access_codes/get?device_id=front&code="+digits, ""); a.status != http.StatusForbidden {
		t.Errorf("guessing digits without the scope pins: %d", a.status)
	}
	for _, k := range r.keys.List() {
		if k.Name == "reader" {
			must(t, r.keys.Revoke(t.Context(), noon, k.ID))
		}
	}
	if a := r.sendAs(reads, "GET", "/access_codes/get?access_code_id="+id, ""); a.status != http.StatusUnauthorized {
		t.Errorf("a revoked key: %d", a.status)
	}
}

// What is kept of a key does not let anybody in, and a reopened store knows the keys that it had.
func TestKeysAreKeptWithoutTheirTokens(t *testing.T) {
	r := newRig(t)
	kvs, _, err := r.keys.records.Scan(t.Context(), dirKeys, "", 0)
	must(t, err)
	if len(kvs) != 1 || strings.Contains(string(kvs[0].Val), r.key[len("seam_1xxxxxxxx_"):]) {
		t.Errorf("%d records; or the token is in one", len(kvs))
	}
	again, err := OpenKeys(t.Context(), r.keys.records)
	must(t, err)
	if who, ok := again.check(r.key); !ok || who.Name != "key all" {
		t.Errorf("after reopening: %v %v", who, ok)
	}
	token, _, err := again.Create(t.Context(), noon, "x", []Scope{ScopeRead}, &chance{9})
	must(t, err)
	if s := fmt.Sprintf("%v %+v %#v %s", token, token, token, token); strings.Contains(s, token.Reveal()) {
		t.Error("a token prints itself")
	}
	for _, bad := range []struct {
		name   string
		scopes []Scope
	}{{"", []Scope{ScopeRead}}, {"x", nil}, {"x", []Scope{"all"}}} {
		if _, _, err := again.Create(t.Context(), noon, bad.name, bad.scopes, &chance{}); err == nil {
			t.Errorf("a key %q with %v was made", bad.name, bad.scopes)
		}
	}
}
