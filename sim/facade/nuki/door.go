package nuki

import (
	"encoding/json"
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
	opener        = 2
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
	Firmware      int            `json:"firmwareVersion"`
	Hardware      int            `json:"hardwareVersion"`
	Created       string         `json:"creationDate"`
	Updated       string         `json:"updateDate"`
}

func (c *Cloud) lockJSON(d *door) lockJSON {
	state, bolt := stateOK, boltUnlocked
	if c.fleet.Shown(d.of.ID) != lock.Reached {
		state = stateOffline
	}
	if d.locked {
		bolt = boltLocked
	}
	charge, kind := c.fleet.Charge(d.of.ID), smartlock3
	if slices.Contains(c.Openers, d.of.ID) {
		kind = opener
	}
	return lockJSON{
		Firmware: 199175, Hardware: 1291, Created: "2025-01-16T12:20:23.541Z", Updated: "2025-09-13T11:27:37.772Z",
		SmartlockID: d.number, AccountID: 1, Type: kind, AuthID: 123, Name: d.of.Name, ServerState: state,
		Config: map[string]any{
			"name": d.of.Name, "latitude": 48.2, "longitude": 16.3, "timezoneId": timezoneOfAll, "singleLock": false, "advertisingMode": 0,
			"keypadPaired": false, "keypad2Paired": c.keypad(d),
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

// sync has the list show what the lock holds.
func (c *Cloud) sync(r *request) {
	c.look(r, r.door, func(lock.Observation) {
		if d := r.door; c.fleet.Reach(d.of.ID) == lock.Reached {
			d.stale = nil
			c.fleet.Hint(d.of.ID)
		}
		r.done()
	})
}

// action is what a body asks for by its number.
func (c *Cloud) action(r *request) {
	var in struct{ Action int }
	switch err := json.Unmarshal(r.Body, &in); {
	case err != nil:
		r.reply(unprocessable())
	case in.Action < actUnlock || in.Action > 5:
		r.reply(badValue(strconv.Itoa(in.Action), "action"))
	case in.Action == actLock || in.Action == 5: // 5: lock 'n' go with unlatching
		c.move(r, actLock)
	default:
		c.move(r, actUnlock)
	}
}

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

func (c *Cloud) showLogs(r *request) { c.showLog(r) }

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
	doors := c.order
	if r.door != nil {
		doors = []*door{r.door}
	}
	action, auth := r.Query.Get("action"), r.Query.Get("authId")
	c.seen(r, doors, func(map[*door]lock.Observation) {
		var all []logJSON
		for _, d := range doors {
			all = append(all, c.log(d)...)
		}
		slices.SortStableFunc(all, func(x, y logJSON) int { return y.at.Compare(x.at) })
		lines := []logJSON{}
		newer := r.Query.Get("id")
		for _, l := range all {
			at := l.at.Truncate(time.Millisecond)
			switch {
			case newer != "":
				if l.ID == newer {
					newer = "" // what is older follows
				}
			case action != "" && action != strconv.Itoa(l.Action), auth != "" && auth != l.AuthID:
			case len(lines) < limit && !at.Before(from) && !at.After(to):
				lines = append(lines, l)
			}
		}
		r.json(http.StatusOK, lines)
	})
}
