package api

import (
	"net/http"
	"testing"
	"time"
)

// The description says what is served: each row of it answers, and each row that answers keys does so.
func TestTheDescriptionIsOfWhatIsServed(t *testing.T) {
	r := newRig(t)
	a := r.sendAs("", "GET", "/openapi.json", "")
	paths := a.body["paths"].(map[string]any)
	if a.status != http.StatusOK || len(paths) < 40 {
		t.Fatalf("%d, %d paths", a.status, len(paths))
	}
	for path, verbs := range paths {
		for verb, op := range verbs.(map[string]any) {
			if answer, _ := op.(map[string]any)["responses"].(map[string]any)["200"].(map[string]any)["content"].(map[string]any); answer[eventStream] != nil {
				continue // it has no end
			}
			if got := r.send(map[string]string{"get": "GET", "post": "POST", "put": "PUT", "patch": "PATCH", "delete": "DELETE"}[verb], path, ""); got.status == http.StatusMethodNotAllowed || got.at("error.type") == "not_found" {
				t.Errorf("%s %s is described and not served: %s", verb, path, got.raw)
			}
		}
	}
	create := a.body["paths"].(map[string]any)["/access_codes/create"].(map[string]any)["post"].(map[string]any)
	body := create["requestBody"].(map[string]any)["content"].(map[string]any)["application/json"].(map[string]any)["schema"].(map[string]any)
	props := body["properties"].(map[string]any)
	if create["x-response-key"] != "access_code" || body["additionalProperties"] != false || props["starts_at"] == nil || props["use_offline_access_code"] == nil {
		t.Errorf("a creation is described as %v", create)
	}
	if _, there := paths["/v1/keys/create"]; there {
		t.Error("what keys can't reach is described to them")
	}
}

func TestATimelineTellsWhoDidWhat(t *testing.T) {
	r := newRig(t)
	id := r.post("/access_codes/create", "device_id", "front", "starts_at", in(time.Hour), "ends_at", in(2*time.Hour)).at("access_code.access_code_id")
	r.post("/access_codes/create", "device_id", "front", "name", "another")
	r.skip(3 * time.Hour)
	whole := r.post("/access_codes/get_timeline", "access_code_id", id)
	var types []any
	for _, m := range whole.at("timeline_events").([]any) {
		types = append(types, m.(map[string]any)["event_type"])
	}
	if len(types) < 5 || types[0] != "command.create" || whole.at("timeline_events.0.actor.type") != "api_key" || whole.at("timeline_events.0.actor.display_name") != "all" {
		t.Fatalf("the story begins with %v: %s", types, whole.raw)
	}
	if types[1] != "access_code.created" || types[len(types)-1] != "access_code.deleted" {
		t.Errorf("the story is %v", types)
	}
	first := r.post("/access_codes/get_timeline", "access_code_id", id, "limit", 2)
	rest := r.post("/access_codes/get_timeline", "access_code_id", id, "page_cursor", first.at("pagination.next_cursor"))
	if first.at("pagination.has_more") != true || rest.at("timeline_events.0.event_type") != types[2] {
		t.Errorf("the second page begins with %v, want %v", rest.at("timeline_events.0.event_type"), types[2])
	}
}
