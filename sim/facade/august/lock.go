package august

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

const (
	laterLock  = 5 // the Type of a lock that knows schedules
	firstLock  = 1
	movesKept  = 50
	lowCharge  = 0.3
	fullCharge = 0.6
)

// bridgeJSON is the bridge of a lock.
type bridgeJSON struct {
	ID        string            `json:"_id"`
	Number    string            `json:"mfgBridgeID"`
	Model     string            `json:"deviceModel"`
	Firmware  string            `json:"firmwareVersion"`
	Operative bool              `json:"operative"`
	Status    map[string]string `json:"status,omitempty"`
}

// lockJSON is the detail of a lock.
type lockJSON struct {
	LockName       string         `json:"LockName"`
	LockID         string         `json:"LockID"`
	Type           int            `json:"Type"`
	HouseID        string         `json:"HouseID"`
	HouseName      string         `json:"HouseName"`
	TimeZone       string         `json:"timeZone,omitempty"`
	Battery        float64        `json:"battery"`
	BatteryInfo    map[string]any `json:"batteryInfo"`
	EntryCodes     bool           `json:"supportsEntryCodes"`
	Schedules      bool           `json:"accessSchedulesAllowed"`
	SKU            string         `json:"skuNumber"`
	Serial         string         `json:"SerialNumber"`
	MAC            string         `json:"macAddress"`
	Firmware       string         `json:"currentFirmwareVersion"`
	LockStatus     map[string]any `json:"LockStatus"`
	Bridge         *bridgeJSON    `json:"Bridge,omitempty"`
	Keypad         map[string]any `json:"keypad,omitempty"`
	Users          map[string]any `json:"users"`
	PubsubChannel  string         `json:"pubsubChannel"`
	Calibrated     bool           `json:"Calibrated"`
	HomeKitEnabled bool           `json:"homeKitEnabled"`
}

func (c *Cloud) house() string { return uuid(string(c.account), "house") }

func (c *Cloud) houseName() string { return "House of " + string(c.account) }

func (c *Cloud) rank(d *door) string {
	if d.quirks.NotOwner {
		return "user"
	}
	return "superuser"
}

func (c *Cloud) me(r *request) {
	c.any(r, func() {
		r.json(http.StatusOK, map[string]any{"UserID": uuid(string(c.account), "owner"), "FirstName": "Owner", "LastName": string(c.account), "Email": c.signs.address})
	})
}

func (c *Cloud) listLocks(r *request) {
	c.any(r, func() {
		all := map[string]any{}
		for _, d := range c.order {
			all[d.id] = map[string]string{
				"LockName": d.of.Name, "UserType": c.rank(d), "macAddress": mac(d), "HouseID": c.house(), "HouseName": c.houseName(),
			}
		}
		r.json(http.StatusOK, all)
	})
}

func (c *Cloud) listHouses(r *request) {
	c.any(r, func() {
		r.json(http.StatusOK, []any{map[string]string{"HouseID": c.house(), "HouseName": c.houseName(), "type": "superuser"}})
	})
}

func (c *Cloud) showHouse(r *request) {
	if r.id != c.house() {
		r.no(http.StatusNotFound, "House not found")
		return
	}
	c.any(r, func() {
		r.json(http.StatusOK, map[string]string{"HouseID": c.house(), "HouseName": c.houseName(), "type": "superuser"})
	})
}

func mac(d *door) string {
	x := d.id
	return x[0:2] + ":" + x[2:4] + ":" + x[4:6] + ":" + x[6:8] + ":" + x[8:10] + ":" + x[10:12]
}

func (c *Cloud) lockJSON(d *door) lockJSON {
	l := lockJSON{
		LockName: d.of.Name, LockID: d.id, Type: laterLock, HouseID: c.house(), HouseName: c.houseName(), TimeZone: d.of.Traits.Zone, EntryCodes: true,
		Schedules: d.of.Traits.NativeSchedule, SKU: "AUG-SL05-M01-S01", Serial: "L5" + d.id[:8], MAC: mac(d), Firmware: "1.59.0-1.8.15",
		LockStatus: c.status(d), Users: map[string]any{}, PubsubChannel: uuid(d.id, "channel"), Calibrated: true,
	}
	l.Battery = c.fleet.Charge(d.of.ID)
	level, warning := "Full", "lock_state_battery_warning_none"
	switch {
	case l.Battery <= lowCharge:
		level, warning = "Low", "lock_state_battery_warning_2week"
	case l.Battery < fullCharge:
		level = "Medium"
	}
	l.BatteryInfo = map[string]any{"level": l.Battery, "warningState": warning, "infoUpdatedDate": stamp(c.fleet.Now())}
	if !d.quirks.NoBridge {
		online := c.fleet.Reach(d.of.ID) != lock.HubDown
		l.Bridge = &bridgeJSON{ID: hexID(d.id, "bridge")[:24], Number: "C5" + d.id[:8], Model: "august-connect", Firmware: "2.2.20", Operative: online}
		if !d.quirks.NoBridgeStatus {
			l.Bridge.Status = map[string]string{"current": "online", "updated": stamp(c.fleet.Now()), "lastOnline": stamp(c.fleet.Now())}
			if !online {
				away := stamp(c.awaySince(d))
				l.Bridge.Status = map[string]string{"current": "offline", "updated": away, "lastOnline": away, "lastOffline": away}
			}
		}
	}
	if !d.quirks.NoKeypad {
		l.Keypad = map[string]any{
			"_id": hexID(d.id, "keypad")[:24], "serialNumber": "K1" + d.id[:8], "lockID": d.id, "currentFirmwareVersion": "2.27.0", "batteryLevel": level, "batteryRaw": 160,
		}
	}
	if d.quirks.FirstGeneration {
		l.Type, l.Schedules = firstLock, false
	}
	if d.quirks.NoEntryCodes {
		l.EntryCodes = false
	}
	if d.quirks.NoBattery {
		l.Battery, l.BatteryInfo = -1, nil
	}
	return l
}

// awaySince is when the bridge of a lock went out of reach.
func (c *Cloud) awaySince(d *door) time.Time {
	for _, x := range c.fleet.Faults() {
		if x.On == string(d.of.Hub) && x.Kind == "offline" {
			return x.From
		}
	}
	return c.fleet.Now()
}

// status is the last that the cloud has heard of the bolt. A lock that the bridge has lost is not known to be anything.
func (c *Cloud) status(d *door) map[string]any {
	s := map[string]any{"status": "unlocked", "doorState": "closed", "dateTime": stamp(c.fleet.Now()), "isLockStatusChanged": false, "valid": true}
	if d.locked {
		s["status"] = "locked"
	}
	if c.fleet.Reach(d.of.ID) == lock.LockDown {
		s["status"], s["valid"] = "unknown", false
	}
	return s
}

func (c *Cloud) showLock(r *request) {
	c.look(r, r.door, func(lock.Observation) { r.json(http.StatusOK, c.lockJSON(r.door)) })
}

func (c *Cloud) showStatus(r *request) {
	c.look(r, r.door, func(lock.Observation) {
		if r.door.quirks.NoBridge {
			r.no(http.StatusConflict, "Lock has no bridge")
			return
		}
		r.json(http.StatusOK, c.status(r.door))
	})
}

// operate moves the bolt, or asks for it, and waits for the lock unless it is told not to.
func (c *Cloud) operate(r *request) {
	if !slices.Contains([]string{"lock", "unlock", "unlatch", "status", "rebootLock"}, r.op) {
		r.no(http.StatusNotImplemented, "Unknown command")
		return
	}
	if text := r.Query.Get("retryLimit"); text != "" {
		if n, err := strconv.Atoi(text); err != nil || n < 1 || n > 3 {
			r.no(http.StatusBadRequest, "retryLimit must lie between 1 and 3")
			return
		}
	}
	c.look(r, r.door, func(lock.Observation) {
		d, reach := r.door, c.fleet.Reach(r.door.of.ID)
		if !c.bridged(r) {
			return
		}
		status := d.quirks.Operate
		if status == 0 && reach != lock.Reached {
			status = http.StatusRequestTimeout
		}
		if r.Query.Get("type") == "async" {
			if status == 0 {
				c.moved(d, r.op)
			}
			r.answer(facade.Reply{Status: http.StatusAccepted})
			return
		}
		if status != 0 {
			r.no(status, "The lock did not do it")
			return
		}
		c.moved(d, r.op)
		state := "kAugLockState_Unlocked"
		if d.locked {
			state = "kAugLockState_Locked"
		}
		r.json(http.StatusOK, map[string]any{
			"status": state, "doorState": "kAugDoorState_Closed",
			"info": map[string]any{"action": r.op, "startTime": stamp(c.fleet.Now()), "lockID": d.id, "bridgeID": hexID(d.id, "bridge")[:24], "duration": 1200},
		})
	})
}

func (c *Cloud) moved(d *door, op string) {
	if op != "lock" && op != "unlock" && op != "unlatch" {
		return
	}
	d.locked = op == "lock"
	if len(d.moves) == movesKept {
		d.moves = slices.Delete(d.moves, 0, 1)
	}
	d.moves = append(d.moves, move{c.fleet.Now(), d.locked})
}
