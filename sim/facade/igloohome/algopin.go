package igloohome

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// Algorithmic PINs: the cloud computes them without asking the lock, and nobody can take them back.

// onTheHour is the only form of a time that they take.
var onTheHour = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:00:00[+-]\d\d:\d\d$`)

// nameMax is the longest name of a PIN.
const nameMax = 32

// How many PINs one window can have.
const (
	perWindow = 3
	perStart  = 5 // of those for one opening
)

func (c *Cloud) oneTime(r *request) { c.algoPIN(r, lock.OfflineOneTime, perStart) }

func (c *Cloud) hourly(r *request) { c.algoPIN(r, lock.OfflineHourly, perWindow) }

func (c *Cloud) daily(r *request) { c.algoPIN(r, lock.OfflineDaily, perWindow) }

func (c *Cloud) algoPIN(r *request, kind lock.OfflineKind, most int) {
	var in struct {
		Variance   int    `json:"variance"`
		StartDate  string `json:"startDate"`
		EndDate    string `json:"endDate"`
		AccessName string `json:"accessName"`
	}
	bad := func(why string) { r.reply(c.fault(http.StatusBadRequest, why)) }
	if json.Unmarshal(r.Body, &in) != nil {
		bad("the body is not valid")
		return
	}
	want := lock.Credential{Name: in.AccessName, Enabled: true, Offline: kind, OneTime: kind == lock.OfflineOneTime}
	var ok bool
	if want.Window.From, ok = hour(in.StartDate); !ok {
		bad("'startDate' must be in format YYYY-MM-DDTHH:00:00+hh:mm")
		return
	}
	if want.Window.To, ok = hour(in.EndDate); !ok && kind != lock.OfflineOneTime {
		bad("'endDate' must be in format YYYY-MM-DDTHH:00:00+hh:mm")
		return
	}
	switch {
	case in.AccessName == "" || len(in.AccessName) > nameMax:
		bad("'accessName' is not valid")
		return
	case in.Variance < 1 || in.Variance > most:
		bad(fmt.Sprintf("'variance' must be between 1 and %d", most))
		return
	case !c.fleet.Now().Before(want.Window.From.Add(time.Hour)):
		bad("start time must be greater than the current time")
		return
	}
	key := fmt.Sprint(r.door.id, kind, want.Window.From.Unix(), want.Window.To.Unix(), in.Variance)
	if held, ok := c.issued[key]; ok { // the same arithmetic gives the same digits
		c.enter(r, r.door, "set", func(bool) facade.Reply { return pinJSON(held) })
		return
	}
	c.fleet.Call(sim.Call{Verb: "set", Device: r.door.of.ID, Want: want}, func(x sim.Result) {
		if x.Err != nil {
			r.reply(c.refusal(x))
			return
		}
		c.issued[key] = x.Held
		r.reply(pinJSON(x.Held))
	})
}

// hour reads a time; false: it is in no form that is taken.
func hour(text string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, text)
	return t.UTC(), err == nil && onTheHour.MatchString(text)
}

func pinJSON(h lock.Held) facade.Reply {
	return facade.JSON(http.StatusOK, map[string]string{"pin": h.PIN.Reveal(), "pinId": hexID("pin " + string(h.Ref))})
}
