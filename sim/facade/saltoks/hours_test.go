package saltoks_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/facadetest"
	"github.com/accesscodes/lockctl/sim/facade/saltoks"
)

// The keypad follows the days of the week and the hours of the day that schedules have, by the site's clock, also where somebody is let in
// by two of them. A change of the hours takes the minutes that a new schedule takes; the cloud need not be there for the next turn.
func TestDaysAndHours(t *testing.T) {
	leap, err := facade.NewLeap(time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "salto", Account: facadetest.Account, Hub: "iq"}}})
	must(t, err) // a Monday, 9:00 in Berlin
	h := facadetest.Open(t, leap, func(f *sim.Fleet) (facade.Cloud, error) { return saltoks.New(f, facadetest.Account) })
	s := &site{t: t, leap: leap, server: h.Handler}
	h.Steer("/habits", `{"account":"house","habits":{"role_delay":0,"member_takes":45,"schedule_takes":210}}`)
	sign := func() {
		t.Helper()
		const of = facadetest.Account
		h.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(saltoks.ClientID(of)+":"+saltoks.ClientSecret(of))))
		form := url.Values{"grant_type": {"password"}, "username": {saltoks.Username(of)}, "password": {saltoks.Password(of)}, "scope": {"user_api.full_access"}}
		var got struct {
			Token string `json:"access_token"`
		}
		must(t, json.Unmarshal([]byte(h.Asks("POST", "/connect/token", form.Encode(), 200)), &got))
		s.token = got.Token
		h.Header.Set("Authorization", "Bearer "+s.token)
	}
	sign()
	_, sites := s.ask("GET", "/v1.2/sites", "")
	s.path = "/sites/" + sites.([]any)[0].(map[string]any)["id"].(string)
	s.lock = s.does(200, "GET", "/v1.2"+s.path+"/locks", "")["items"].([]any)[0].(map[string]any)["id"].(string)
	group := s.group()
	schedules := "/v1.1" + group + "/time_schedules"
	for _, body := range []string{
		`{"monday":true,"start_time":"10:00","end_time":"09:00"}`, `{"monday":true,"start_time":"10","end_time":"24:00"}`, `{"monday":true,"end_time":"12:00"}`,
		`{"start_time":"10:00","end_time":"12:00"}`,
	} {
		h.Asks("POST", schedules, body, 400, `"1101"`)
	}
	made := h.Asks("POST", schedules, `{"monday":true,"wednesday":true,"start_time":"10:00","end_time":"11:59","start_date":"2026-01-05T10:30:00","end_date":"2026-01-14T11:00:00"}`, 200,
		`"start_time":"10:00:00"`, `"end_time":"11:59:59"`, `"monday":true`, `"tuesday":false`, `"start_date":"2026-01-05T10:30:00"`)
	var schedule struct{ ID string }
	must(t, json.Unmarshal([]byte(made), &schedule))
	_, _, digits := s.guest(group)
	opens := func(local string, want bool) {
		t.Helper()
		at, err := time.ParseInLocation("2006-01-02 15:04:05", local, time.FixedZone("CET", 3600))
		must(t, err)
		leap.Pass(at.Sub(leap.Now()))
		if said := h.Steer("/type", `{"lock":"front","pin":"`+digits+`"}`); strings.Contains(said, `"opens":true`) != want {
			t.Errorf("%s: %s", local, said)
		}
	}
	opens("2026-01-05 10:20:00", false)
	opens("2026-01-05 10:31:00", true)
	opens("2026-01-05 11:59:30", true)
	opens("2026-01-05 12:00:30", false)
	opens("2026-01-06 11:00:00", false)
	opens("2026-01-07 09:59:00", false)
	opens("2026-01-07 10:01:00", true)
	sign()
	h.Asks("POST", schedules, `{"wednesday":true,"saturday":true,"start_time":"11:30:00","end_time":"13:29:59"}`, 200)
	opens("2026-01-07 12:30:00", true) // by the second
	opens("2026-01-07 13:30:30", false)
	opens("2026-01-10 13:00:00", true)
	sign()
	h.Asks("PATCH", schedules+"/"+schedule.ID, `{"friday":true,"start_time":"10:00","end_time":"17:59","end_date":"2026-01-14T11:00:00"}`, 200, `"friday":true`, `"wednesday":false`)
	opens("2026-01-12 10:30:00", false) // a Monday
	opens("2026-01-14 10:45:00", false)
	opens("2026-01-14 11:31:00", true)
	opens("2026-01-16 11:31:00", false) // a Friday past the end
	opens("2026-01-17 11:31:00", true)
}
