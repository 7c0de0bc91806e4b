package seam

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// stay is a code that a vendor's cloud has computed.
type stay struct {
	number     int
	code       lock.CodeID
	device     lock.DeviceID
	ref        lock.Ref
	window     lock.Window // as the service believes
	level      int         // of the door's predefined times, from 1; 0: none
	cancelled  bool        // by the service
	replaced   bool        // by a newer one
	replacedAt time.Time
}

// remembered is how long a stay that has ended is known.
const remembered = 30 * 24 * time.Hour

// off is by how much the service has the zone of the locks wrong.
func (h *host) off() time.Duration { return time.Duration(h.habits.ZoneOff) * time.Minute }

// shift moves both ends of a window.
func shift(w lock.Window, by time.Duration) lock.Window {
	if !w.From.IsZero() {
		w.From = w.From.Add(by)
	}
	if w.Bounded() {
		w.To = w.To.Add(by)
	}
	return w
}

// full reports whether the vendor computes no more codes for a lock until one of those that it has computed is over.
func (h *host) full(c lock.Credential, id lock.DeviceID) bool {
	if h.habits.MostOffline == 0 || h.stay(c.Code) != nil {
		return false
	}
	n := 0
	for _, m := range h.fleet.Issued(id) {
		if m.Code == c.Code && c.Code != "" {
			return false // it was computed, and the answer was lost
		}
		if !m.Window.Ended(h.Now()) && m.Used.IsZero() {
			n++
		}
	}
	return n >= h.habits.MostOffline
}

// stay is that of a code, or nil.
func (h *host) stay(code lock.CodeID) *stay {
	for _, s := range h.stays {
		if s.code == code && code != "" {
			return s
		}
	}
	return nil
}

// computed keeps what a vendor has computed for a code. Where that is the habit, the lock takes it instead of the earlier ones of its level.
func (h *host) computed(id lock.DeviceID, want lock.Credential, held lock.Held) {
	if h.stay(want.Code) != nil {
		return
	}
	now := h.Now()
	h.stays = slices.DeleteFunc(h.stays, func(s *stay) bool { return s.window.Ended(now.Add(-remembered)) })
	h.numbered++
	s := &stay{number: h.numbered, code: want.Code, device: id, ref: held.Ref, window: shift(held.Window, -h.off()), level: levelOf(h.of[id].Traits, held.Window)}
	h.stays = append(h.stays, s)
	if !h.habits.Overrides || s.level == 0 {
		return
	}
	h.fleet.After(max(0, held.Window.From.Sub(now)), func() {
		for _, o := range h.stays {
			earlier := o.device == id && o.level == s.level && o.number < s.number && !o.window.From.After(s.window.From)
			if earlier && !s.cancelled && !o.cancelled && !o.replaced && h.void(o) {
				o.replaced, o.replacedAt = true, h.Now()
			}
		}
	})
}

// void has a lock take a code no more; false: it is over, or gone.
func (h *host) void(s *stay) bool {
	return !s.window.Ended(h.Now()) && h.fleet.Edit(sim.Edit{Lock: s.device, Kind: sim.EditDisable, Ref: s.ref}) == nil
}

// levelOf is the number of the predefined times that a window has; 0: of none.
func levelOf(t lock.Traits, w lock.Window) int {
	zone, err := lock.LoadZone(t.Zone)
	if err != nil {
		return 0
	}
	minute := func(at time.Time) int { return at.In(zone).Hour()*60 + at.In(zone).Minute() }
	return 1 + slices.Index(t.TimeSlots, lock.TimeSlot{Start: minute(w.From), End: minute(w.To)})
}

// believed is what a vendor's cloud tells of a lock with the windows that the service takes them for.
func (h *host) believed(id lock.DeviceID, o lock.Observation) lock.Observation {
	o.Held = slices.Clone(o.Held)
	for i := range o.Held {
		for _, s := range h.stays {
			if s.device == id && s.ref == o.Held[i].Ref {
				o.Held[i].Window = s.window
			}
		}
	}
	return o
}

// typed is what the lock makes of digits at its keypad: codes that its vendor computes are told from others by what is typed around them.
func (h *host) typed(id lock.DeviceID, pin lock.PIN) lock.PIN {
	before, after := h.habits.OfflinePrefix, h.habits.ConfigNumber
	if _, own := h.of[id]; !own || before == "" && after == "" {
		return pin
	}
	digits := pin.Reveal()
	bare, prefixed := strings.CutPrefix(digits, before)
	bare, ended := strings.CutSuffix(bare, after)
	for _, m := range h.fleet.Issued(id) {
		switch have := m.PIN.Reveal(); {
		case have == bare && prefixed && ended:
			return m.PIN
		case have == digits:
			if none, err := lock.ParsePIN(digits[1:] + digits[:1] + "0"); err == nil {
				return none // a wrong try
			}
		}
	}
	return pin
}

// noLevel is the service's name for a window that is none of a door's predefined times.
const noLevel = "dormakaba_oracode_no_valid_user_level"

// stayed puts what the vendors of computed codes do into an answer of our API, which knows codes only that end by themselves.
func (c *Cloud) stayed(r facade.Request, path string, x facade.Reply) facade.Reply {
	if x.Status == http.StatusBadRequest {
		switch s := c.host.stay(asked(r)); {
		case path == "/access_codes/delete" && s != nil && s.level > 0 && c.host.habits.Cancellable && !s.cancelled && bytes.Contains(x.Body, []byte(`"irrevocable"`)):
			c.host.void(s)
			s.cancelled = true
			return facade.JSON(http.StatusOK, map[string]any{"ok": true})
		case bytes.Contains(x.Body, []byte("predefined check-in")):
			x.Body = bytes.Replace(x.Body, []byte(`"message":"`), []byte(`"message":"`+noLevel+": "), 1)
		}
		return x
	}
	if s := c.host.stay(asked(r)); path == "/access_codes/get" && s != nil && s.cancelled {
		return problem(http.StatusNotFound, "access_code_not_found", "there is no such access code")
	}
	return x
}

// asked is the code that a request is about.
func asked(r facade.Request) lock.CodeID {
	var in struct {
		Code lock.CodeID `json:"access_code_id"`
	}
	if json.Unmarshal(r.Body, &in) != nil {
		in.Code = lock.CodeID(r.Query.Get("access_code_id"))
	}
	return in.Code
}

// staying shows what the vendor tells of a code that it has computed; false: it was cancelled.
func (c *Cloud) staying(code map[string]any) bool {
	id, _ := code["access_code_id"].(string)
	device, _ := code["device_id"].(string)
	errors, _ := code["errors"].([]any)
	for _, x := range errors {
		if e, ok := x.(map[string]any); ok && e["provider_error_code"] == "no_such_time_slot" && c.host.of[lock.DeviceID(device)].System == "oracode" {
			e["error_code"] = noLevel
		}
	}
	s := c.host.stay(lock.CodeID(id))
	if s == nil || s.level == 0 {
		return true
	}
	code["dormakaba_oracode_metadata"] = map[string]any{
		"stay_id": s.number, "is_cancellable": c.host.habits.Cancellable, "is_extendable": false, "is_early_checkin_able": false, "is_overridable": c.host.habits.Overrides,
		"site_name": siteName, "user_level_id": levelID(s.device, s.level), "user_level_name": levelName(s.level),
	}
	if s.replaced {
		code["errors"] = append(errors, map[string]any{
			"error_code": "replaced_by_newer_access_code", "is_access_code_error": true, "message": "a newer access code has taken the place of this one",
			"created_at": s.replacedAt.UTC().Format(time.RFC3339),
		})
	}
	return !s.cancelled
}

const siteName = "Simulation"

func levelName(level int) string { return fmt.Sprintf("User level %d", level) }

// levelID is the service's id of a user level: a UUID that follows from what it is of.
func levelID(id lock.DeviceID, level int) string {
	h := sha256.Sum256([]byte(string(id) + "\x00" + levelName(level)))
	return fmt.Sprintf("%x-%x-4%03x-8%03x-%x", h[:4], h[4:6], uint16(h[6])<<4, uint16(h[7])<<4, h[8:14])
}
