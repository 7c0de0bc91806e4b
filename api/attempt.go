package api

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// An action attempt is how the API tells of something that goes on after its answer. None is kept: its id says what it is
// about, and how far that has come is asked of the engine.

// The types of attempts.
const (
	attemptCreate = "CREATE_ACCESS_CODE"
	attemptUpdate = "UPDATE_ACCESS_CODE"
	attemptDelete = "DELETE_ACCESS_CODE"
	attemptKeypad = "SIMULATE_KEYPAD_CODE_ENTRY" // over when it is answered
)

// attempt is one, as the API shows it.
type attempt struct {
	ID     string         `json:"action_attempt_id"`
	Type   string         `json:"action_type"`
	Status string         `json:"status"` // pending, success or error
	Result *struct{}      `json:"result"`
	Error  *attemptFailed `json:"error"`
}

type attemptFailed struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// attempt is what a command that was taken has begun.
func (c *call) attempt(kind string, code lock.CodeID) attempt {
	return attempt{ID: attemptID(kind, code), Type: kind, Status: "pending"}
}

func attemptID(kind string, code lock.CodeID) string {
	return "attempt_" + base64.RawURLEncoding.EncodeToString([]byte(kind+"\x00"+string(code)))
}

type getAttempt struct {
	ID string `json:"action_attempt_id" need:"true" doc:"the id of an answer"`
}

func attemptGet(c *call, p getAttempt) (reply, error) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(p.ID, "attempt_"))
	kind, code, ok := strings.Cut(string(raw), "\x00")
	a := attempt{ID: p.ID, Type: kind, Status: "success"}
	switch {
	case err == nil && ok && kind == attemptKeypad:
		return reply{"action_attempt": a}, nil
	case err != nil || !ok || kind != attemptCreate && kind != attemptUpdate && kind != attemptDelete:
		return nil, problem(http.StatusNotFound, "action_attempt_not_found", "no action attempt "+clip(p.ID))
	}
	if _, _, foreign := unmanagedOf(lock.CodeID(code)); foreign {
		if _, _, _, err := c.stranger(lock.CodeID(code)); err == nil {
			a.Status = "pending"
		}
		return reply{"action_attempt": a}, nil
	}
	s, err := c.snapshot(engine.Query{View: engine.ViewCode, Code: lock.CodeID(code)})
	if err != nil {
		return nil, err
	}
	v := &s.Codes[0]
	switch {
	case kind == attemptDelete && v.Status != engine.StatusGone:
		a.Status = "pending"
	case kind != attemptDelete && working(v):
		a.Status = "pending"
		for _, i := range v.Issues {
			if i.Definite && i.Class == engine.ClassError {
				a.Status, a.Error = "error", &attemptFailed{i.Code, i.Message}
				break
			}
		}
	}
	return reply{"action_attempt": a}, nil
}

// working reports whether the lock has yet to show something of the code. Waiting for its time is no work.
func working(v *engine.CodeView) bool {
	for _, m := range v.Pending {
		if m.Code != engine.MutDeferred && m.Code != engine.MutDeleting {
			return true
		}
	}
	return false
}
