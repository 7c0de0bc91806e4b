package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/sim"
)

// FuzzRequests sends anything to everything but the controls of the clock: as a body, and as a query. Each answer is JSON, none
// blames the server, and one that refuses has changed nothing.
func FuzzRequests(f *testing.F) {
	for _, s := range []struct{ path, text string }{
		{"/access_codes/create", `{"device_id":"front","code":"4829","starts_at":"2026-03-02T15:00:00Z","ends_at":"2026-03-03T10:00:00+02:00"}`},
		{"/access_codes/create", `{"device_id":"front","ends_at":"2026-03-02T15:00:00Z","starts_at":"2026-03-03T10:00:00Z"}`},
		{"/access_codes/create", `{"device_id":"front","code":482915,"name":null,"prefer_native_scheduling":"no","colour":"red"}`},
		{"/access_codes/create", `{"device_id":"front","is_offline_access_code":true,"is_one_time_use":true,"max_time_rounding":"1week","preferred_code_length":-9}`},
		{"/access_codes/create_multiple", `{"device_ids":["front","gate","front"],"behavior_when_code_cannot_be_shared":"throw","use_backup_access_code_pool":true}`},
		{"/access_codes/update", `{"access_code_id":"guest","type":"ongoing","code":"12","is_managed":false,"ends_at":"9999-12-31T23:59:59Z"}`},
		{"/access_codes/list", `device_id=front&access_code_ids=guest&access_code_ids=&limit=0&page_cursor=eyJhIjoiIn0&search=%ff`},
		{"/access_codes/get", `device_id=gate&code=4829`},
		{"/access_codes/unmanaged/get", `access_code_id=unmanaged_Zg`},
		{"/events/list", `{"between":["2026-03-02T15:00:00Z"],"unstable_offset":-1,"limit":1e3}`},
		{"/access_codes/report_device_constraints", `{"device_id":"front","min_code_length":4,"max_code_length":99999999999}`},
		{"/webhooks/create", `{"url":"https://[::1","event_types":["*","internal.issue.raised"]}`},
		{"/v1/submit", `{"command":{"Verb":"create","Do":{"Device":"front","PIN":"4829","Starts":"0001-01-01T00:00:00Z"}}}`},
		{"/v1/snapshot", `{"query":{"View":"fleet","Sort":"-none","Limit":-1,"Filter":"col:"}}`},
		{"/v1/plan", `{"device_id":"front","starts_at":"2026-03-02T15:00:00Z"}`},
		{"/v1/journal", `{"after":-1,"limit":1000000}`},
		{"/devices/list", `{"include_if":["can_fly"],"limit":501}`},
		{"/access_codes/delete", `[`},
		{"/access_codes/delete", "\"\xff\""},
	} {
		f.Add(s.path, s.text)
	}
	f.Fuzz(func(t *testing.T, path, text string) {
		r := newRig(t, sim.LockSpec{ID: "front", Model: "jit.keypad"}, sim.LockSpec{ID: "gate", Model: "native.keypad"})
		r.post("/access_codes/create", "device_id", "front", "name", "guest")
		row := r.s.rows[path]
		if row == nil || strings.HasPrefix(path, "/v1/lab/") || row.scope == scopeOwner {
			return
		}
		seq := func() engine.Seq {
			s, err := r.s.host.Snapshot(t.Context(), engine.Query{View: engine.ViewFleet, Limit: 1})
			must(t, err)
			return s.Seq
		}
		for _, verb := range row.verbs {
			before := seq()
			req := httptest.NewRequest(verb, path, strings.NewReader(text))
			if verb == http.MethodGet || verb == http.MethodDelete {
				req = httptest.NewRequest(verb, path, http.NoBody)
				req.URL = &url.URL{Path: path, RawQuery: text}
			}
			req.Header.Set("Authorization", "Bearer "+r.key)
			w := httptest.NewRecorder()
			r.s.Keyed().ServeHTTP(w, req)
			var said struct {
				OK    bool
				Error struct{ Type, Message string }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || said.OK != (w.Code == http.StatusOK) {
				t.Fatalf("%s %s: %d, %v: %s", verb, path, w.Code, err, w.Body)
			}
			switch {
			case w.Code >= http.StatusInternalServerError:
				t.Fatalf("%s %s %q: %d %s", verb, path, text, w.Code, w.Body)
			case w.Code != http.StatusOK && (said.Error.Type == "" || said.Error.Message == "" || seq() != before):
				t.Fatalf("%s %s %q was refused, and the journal went from %d to %d: %s", verb, path, text, before, seq(), w.Body)
			}
		}
	})
}
