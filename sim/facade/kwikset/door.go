package kwikset

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// door is a lock as the cloud knows it.
type door struct {
	id     string
	of     lock.Device
	zone   *time.Location // nil: nobody has told the lock
	locked bool
	beeps  bool
	last   map[string]any // as it was told when it could be reached last
	moves  []line         // of the bolt, by this API, the oldest first
}

func (d *door) serial() string { return "KW" + strings.ToUpper(d.id[:10]) }

const movesKept = 100

// device is a lock as the API tells of it. One that is away is told as it was before it went.
func (c *Cloud) device(d *door) map[string]any {
	if d.last == nil || c.fleet.Reach(d.of.ID) == lock.Reached {
		status := "Unlocked"
		if d.locked {
			status = "Locked"
		}
		if slices.ContainsFunc(c.fleet.Faults(), func(x sim.Fault) bool { return x.On == string(d.of.ID) && x.Kind == "jam" }) {
			status = "Jammed"
		}
		d.last = map[string]any{
			"deviceid": d.id, "devicename": d.of.Name, "doorstatus": status, "batterypercentage": int(math.Round(c.fleet.Charge(d.of.ID) * 100)),
			"modelnumber": "HALO-01", "serialnumber": d.serial(), "firmwarebundleversion": "00.05.33", "ledstatus": "true", "audiostatus": d.beeps, "securescreenstatus": "false",
			"lastupdatedtimestamp": c.fleet.Now().Unix(), "sharedwithusersinfo": []any{},
		}
	}
	now := map[string]any{"deviceconnectivitystatus": "connected"}
	if c.fleet.Shown(d.of.ID) != lock.Reached {
		now["deviceconnectivitystatus"] = "disconnected"
	}
	for name, value := range d.last {
		now[name] = value
	}
	return now
}

func (c *Cloud) listDevices(r *request) {
	c.look(r, func() {
		all := []map[string]any{}
		if r.id == c.home(c.Homes) {
			for _, d := range c.order {
				all = append(all, c.device(d))
			}
		}
		r.data(all)
	})
}

func (c *Cloud) showDevice(r *request) {
	c.look(r, func() { r.data([]map[string]any{c.device(r.door)}) })
}

func (c *Cloud) move(r *request) {
	var in struct{ Action, Source string }
	var source struct{ Name, Device string }
	if json.Unmarshal(r.Body, &in) != nil || in.Action != "lock" && in.Action != "unlock" || json.Unmarshal([]byte(in.Source), &source) != nil {
		r.refuse(http.StatusBadRequest, "Invalid request body")
		return
	}
	c.look(r, func() {
		d := r.door
		if c.fleet.Reach(d.of.ID) == lock.Reached {
			d.locked = in.Action == "lock"
			if len(d.moves) == movesKept {
				d.moves = slices.Delete(d.moves, 0, 1)
			}
			event := "Unlocked"
			if d.locked {
				event = "Locked"
			}
			d.moves = append(d.moves, line{User: source.Name, Type: "Mobile ( WiFi, LTE, ETC)", Event: event, at: c.fleet.Now()})
		}
		r.data([]any{map[string]string{"token": hexID(d.id, "move", c.fleet.Now().String())}})
	})
}

// setting takes a setting of the lock, and keeps that of its beeper.
func (c *Cloud) setting(r *request) {
	c.look(r, func() {
		if strings.HasSuffix(r.Path, "audiostatus") {
			r.door.beeps = strings.Contains(string(r.Body), "true")
		}
		r.data([]any{})
	})
}

// line is one of the history.
type line struct {
	ID       int64  `json:"id"`
	LSE      int64  `json:"lse"`
	User     string `json:"user"`
	Time     int64  `json:"timestamp"`
	Type     string `json:"eventtype"`
	Event    string `json:"event"`
	Category string `json:"eventcategory"`
	Device   string `json:"devicename"`
	Home     string `json:"homeid"`
	Zone     string `json:"timezone"`
	Issue    bool   `json:"isissue"`

	at time.Time
}

const (
	linesAsked  = 10 // unless the request says
	linesAtMost = 100
)

// history tells who moved the bolt, the newest first. Wrong tries are not in it.
func (c *Cloud) history(r *request) {
	top := linesAsked
	if text := r.Query.Get("top"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			r.refuse(http.StatusBadRequest, "Invalid top")
			return
		}
		top = min(n, linesAtMost)
	}
	c.look(r, func() {
		if c.HistoryFails {
			r.refuse(http.StatusGatewayTimeout, "Endpoint request timed out")
			return
		}
		d := r.door
		names := map[lock.Ref]string{}
		for _, m := range c.fleet.Memory(d.of.ID) {
			names[m.Ref] = m.Name
		}
		lines := slices.Clone(d.moves)
		for _, e := range c.fleet.Log(d.of.ID) {
			switch e.Kind {
			case lock.Opened:
				lines = append(lines, line{User: names[e.Ref], Type: "Keypad", Event: "Unlocked", at: e.At})
			case lock.Locked:
				lines = append(lines, line{Type: "Keypad", Event: "Locked", at: e.At})
			case lock.Denied, lock.Tampered:
			}
		}
		slices.SortStableFunc(lines, func(x, y line) int { return x.at.Compare(y.at) })
		for i := range lines {
			l := &lines[i]
			l.ID = int64(binary.BigEndian.Uint32([]byte(hexID(d.id, l.User, l.Event, strconv.FormatInt(l.at.UnixNano(), 10))[:4])))
			l.ID = l.ID<<10 | int64(i)&1023
			l.LSE, l.Time, l.Category, l.Device, l.Home = l.ID, l.at.Unix(), "Lock Mechanism", d.of.Name, c.home(c.Homes)
			l.Zone = "GMT+0:00"
			if d.zone != nil {
				l.Zone = zoned(l.at.In(d.zone))
			}
		}
		slices.Reverse(lines)
		lines = append([]line{}, lines[:min(top, len(lines))]...)
		r.reply(ok(map[string]any{"data": lines, "total": len(lines), "issues": 0}))
	})
}

// manifest is a sum over all that the lock holds, which tells a change and nothing more.
func (c *Cloud) manifest(r *request) {
	c.look(r, func() {
		sum := crc32.NewIEEE()
		for _, m := range c.fleet.Memory(r.door.of.ID) {
			sum.Write([]byte(strconv.Itoa(m.Slot) + m.PIN.Reveal() + m.Name)) //nolint:errcheck // it can't fail
		}
		r.data([]map[string]string{{"message": base64.StdEncoding.EncodeToString(sum.Sum(nil))}})
	})
}
