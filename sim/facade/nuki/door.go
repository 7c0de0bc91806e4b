package nuki

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// The numbers of the API.
const (
	stateOK       = 0
	stateOffline  = 4
	boltLocked    = 1
	boltUnlocked  = 3
	actUnlock     = 1
	actLock       = 2
	byWeb         = 4
	byKeypad      = 255
	sourceCode    = 1
	wrongCode     = 224
	keypadCode    = 13
	timezoneOfAll = 37
	linesAsked    = 20 // of the log, unless the request says
	linesAtMost   = 50
	lowCharge     = 0.2
)

// lockJSON is a Smartlock.
type lockJSON struct {
	SmartlockID   int64          `json:"smartlockId"`
	AccountID     int            `json:"accountId"`
	Type          int            `json:"type"`
	AuthID        int            `json:"authId"`
	Name          string         `json:"name"`
	Favorite      bool           `json:"favorite"`
	Config        map[string]any `json:"config"`
	State         map[string]any `json:"state"`
	ServerState   int            `json:"serverState"`
	AdminPINState int            `json:"adminPinState"`
}

func (c *Cloud) lockJSON(d *door) lockJSON {
	state, bolt := stateOK, boltUnlocked
	if c.fleet.Shown(d.of.ID) != lock.Reached {
		state = stateOffline
	}
	if d.locked {
		bolt = boltLocked
	}
	charge := c.fleet.Charge(d.of.ID)
	return lockJSON{
		SmartlockID: d.number, AccountID: 1, Type: smartlock3, AuthID: 123, Name: d.of.Name, ServerState: state,
		Config: map[string]any{
			"name": d.of.Name, "latitude": 48.2, "longitude": 16.3, "timezoneId": timezoneOfAll, "singleLock": false, "advertisingMode": 0,
			"keypadPaired": false, "keypad2Paired": true,
		},
		State: map[string]any{
			"mode": 2, "state": bolt, "trigger": 0, "lastAction": actLock, "batteryCritical": charge <= lowCharge, "batteryCharging": false,
			"batteryCharge": int(math.Round(charge * 100)), "keypadBatteryCritical": false, "doorState": 0, "ringToOpenTimer": 0, "nightMode": false,
		},
	}
}

func (c *Cloud) listLocks(r *request) {
	all := []lockJSON{}
	if len(c.order) == 0 {
		r.json(http.StatusOK, all)
		return
	}
	c.look(r, c.order[0], func(lock.Observation) {
		for _, d := range c.order {
			all = append(all, c.lockJSON(d))
		}
		r.json(http.StatusOK, all)
	})
}

func (c *Cloud) showLock(r *request) {
	c.look(r, r.door, func(lock.Observation) { r.json(http.StatusOK, c.lockJSON(r.door)) })
}

func (c *Cloud) sync(r *request) { c.look(r, r.door, func(lock.Observation) { r.done() }) }

func (c *Cloud) lock(r *request) { c.move(r, actLock) }

func (c *Cloud) unlock(r *request) { c.move(r, actUnlock) }

// move turns the bolt, if the lock can be reached. The answer does not tell whether.
func (c *Cloud) move(r *request, action int) {
	c.look(r, r.door, func(o lock.Observation) {
		if d := r.door; o.Reach == lock.Reached {
			d.locked = action == actLock
			if len(d.moves) == linesAtMost {
				d.moves = slices.Delete(d.moves, 0, 1)
			}
			d.moves = append(d.moves, move{c.fleet.Now(), action})
		}
		r.done()
	})
}

// logJSON is a SmartlockLog.
type logJSON struct {
	ID          string `json:"id"`
	SmartlockID int64  `json:"smartlockId"`
	DeviceType  int    `json:"deviceType"`
	AuthID      string `json:"authId,omitempty"`
	Name        string `json:"name"`
	Action      int    `json:"action"`
	Trigger     int    `json:"trigger"`
	State       int    `json:"state"`
	Source      int    `json:"source"`
	AutoUnlock  bool   `json:"autoUnlock"`
	Date        string `json:"date"`

	at time.Time
}

// log is all that the API tells of a door, the newest first.
func (c *Cloud) log(d *door) []logJSON {
	var lines []logJSON
	names := map[lock.Ref]string{}
	for _, m := range c.fleet.Memory(d.of.ID) {
		names[m.Ref] = m.Name
	}
	for _, e := range c.fleet.Log(d.of.ID) {
		l := logJSON{
			ID: hexID(string(d.of.ID), "log", e.ID), SmartlockID: d.number, Action: actUnlock, Trigger: byKeypad, Source: sourceCode, Date: stamp(e.At), at: e.At,
		}
		switch e.Kind {
		case lock.Opened:
			l.AuthID, l.Name = c.authID(d, e.Ref), names[e.Ref]
		case lock.Denied:
			l.State = wrongCode
		case lock.Locked:
			l.Action = actLock
		case lock.Tampered:
			continue
		}
		lines = append(lines, l)
	}
	for _, m := range d.moves {
		lines = append(lines, logJSON{
			ID: hexID(string(d.of.ID), "move", strconv.FormatInt(m.at.UnixNano(), 10)), SmartlockID: d.number, Action: m.action, Trigger: byWeb,
			Date: stamp(m.at), at: m.at,
		})
	}
	slices.SortStableFunc(lines, func(x, y logJSON) int { return x.at.Compare(y.at) })
	slices.Reverse(lines)
	return lines
}

func (c *Cloud) showLog(r *request) {
	limit, from, to := linesAsked, time.Time{}, c.fleet.Now().Add(time.Hour)
	var err error
	if text := r.Query.Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > linesAtMost {
			r.reply(badValue(text, "limit"))
			return
		}
	}
	if text := r.Query.Get("fromDate"); text != "" {
		if from, err = time.Parse(time.RFC3339, text); err != nil {
			r.reply(badValue(text, "fromDate"))
			return
		}
	}
	if text := r.Query.Get("toDate"); text != "" {
		if to, err = time.Parse(time.RFC3339, text); err != nil {
			r.reply(badValue(text, "toDate"))
			return
		}
	}
	c.look(r, r.door, func(lock.Observation) {
		lines := []logJSON{}
		newer := r.Query.Get("id")
		for _, l := range c.log(r.door) {
			at := l.at.Truncate(time.Millisecond)
			switch {
			case newer != "":
				if l.ID == newer {
					newer = "" // what is older follows
				}
			case len(lines) < limit && !at.Before(from) && !at.After(to):
				lines = append(lines, l)
			}
		}
		r.json(http.StatusOK, lines)
	})
}
