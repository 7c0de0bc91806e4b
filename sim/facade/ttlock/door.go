package ttlock

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// door is a lock as the cloud knows it.
type door struct {
	number   int64
	of       lock.Device
	gateway  *gateway // nil: it is on Wi-Fi
	hangsOn  *gateway // the same before habits
	sleepy   bool     // saves power: nothing reaches it at once
	unpaired bool     // belongs to no gateway and no network
	locked   bool
	busy     bool // of a lock on Wi-Fi: a command is on its way

	ids        map[lock.Ref]int64 // of passcodes that had a number before the lock had them
	books      []*note
	computed   []computed // random passcodes, also those that are gone
	made       int64      // numbers given to notes
	delivering bool

	records []record // the newest last
	read    int      // lines of the lock's log that are among them
	told    int      // of the records, how many were posted
	toldAt  time.Time
	again   []facade.Post  // to be posted once more
	tries   map[string]int // of posts that were not taken, by their bodies
	link    link           // of a lock on Wi-Fi
}

// gateway is a hub as the cloud knows it.
type gateway struct {
	id     lock.HubID
	number int64
	doors  []*door
	busy   bool
	link   link
}

// The bits of featureValue.
const (
	featureRemote  = 1 << 8
	featureGateway = 1 << 10
	featurePassage = 1 << 22
	featureWiFi    = 1 << 56
)

func (d *door) feature() string {
	bits := uint64(featureRemote | featureGateway | featurePassage)
	if d.onWiFi() {
		bits |= featureWiFi
	}
	return fmt.Sprintf("%X", bits)
}

func (d *door) onWiFi() bool { return d.gateway == nil && !d.unpaired }

func (d *door) hasGateway() int { return bit(d.gateway != nil && !d.unpaired) }

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// mac is a hardware address that follows from a name.
func mac(name string) string {
	digits := hexID(name, "mac")
	var parts []string
	for i := range 6 {
		parts = append(parts, strings.ToUpper(digits[2*i:2*i+2]))
	}
	return strings.Join(parts, ":")
}

func bluetoothName(d *door) string {
	return "YS1003_" + hex.EncodeToString([]byte{byte(d.number >> 16), byte(d.number >> 8), byte(d.number)})
}

func (c *Cloud) charge(d *door) int { return int(math.Round(c.fleet.Charge(d.of.ID) * 100)) }

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// paged answers with one page of a list.
func paged[T any](r *request, all []T, most int64) {
	no, size := r.number("pageNo", 0), r.number("pageSize", 0)
	if no < 1 || size < 1 || size > most {
		r.fail(badParameter)
		return
	}
	total := int64(len(all))
	from := min((no-1)*size, total)
	page := append([]T{}, all[from:min(from+size, total)]...)
	r.json(map[string]any{"list": page, "pageNo": no, "pageSize": size, "pages": (total + size - 1) / size, "total": total})
}

func (c *Cloud) listLocks(r *request) {
	c.look(r, func(lock.Observation) {
		var all []map[string]any
		for _, d := range c.order {
			if alias := r.form.Get("lockAlias"); alias != "" && !strings.Contains(d.of.Name, alias) {
				continue
			}
			all = append(all, map[string]any{
				"lockId": d.number, "lockName": bluetoothName(d), "lockAlias": d.of.Name, "lockMac": mac(string(d.of.ID)), "electricQuantity": c.charge(d),
				"featureValue": d.feature(), "hasGateway": d.hasGateway(), "lockData": hexID(string(d.of.ID), "data"), "groupId": 0, "groupName": "",
				"date": 1626674054000,
			})
		}
		paged(r, all, 1000)
	})
}

func (c *Cloud) showLock(r *request) {
	c.look(r, func(o lock.Observation) {
		d := r.door
		offset := 0
		if zone, err := lock.LoadZone(o.Zone); err == nil {
			_, offset = c.fleet.Now().In(zone).Zone()
		}
		r.json(map[string]any{
			"lockId": d.number, "lockName": bluetoothName(d), "lockAlias": d.of.Name, "lockMac": mac(string(d.of.ID)), "modelNum": "SN9206_PV53",
			"electricQuantity": c.charge(d), "featureValue": d.feature(), "hasGateway": d.hasGateway(), "lockKey": hexID(string(d.of.ID), "key"),
			"adminPwd": hexID(string(d.of.ID), "admin")[:10], "noKeyPwd": "0451873", "deletePwd": "", "keyboardPwdVersion": 4,
			"timezoneRawOffset": offset * 1000, "lockSound": 2, "soundVolume": 5, "privacyLock": 2, "isFrozen": 2, "tamperAlert": 1, "resetButton": 1,
			"autoLockTime": 60, "passageMode": 2, "passageModeAutoUnlock": 2, "displayPasscode": 0, "openDirection": 0, "wirelessKeypadFeatureValue": "0",
			"firmwareRevision": "6.0.6.210622", "hardwareRevision": "1.6", "date": 1669690212000, "lockUpdateDate": 1682201024000,
			"lockVersion": map[string]int{"groupId": 10, "protocolVersion": 3, "protocolType": 5, "orgId": 34, "scene": 2},
		})
	})
}

func (c *Cloud) battery(r *request) {
	c.asked(r, func() { r.json(map[string]any{"electricQuantity": c.charge(r.door)}) })
}

func (c *Cloud) openState(r *request) {
	c.asked(r, func() { r.json(map[string]any{"state": bit(!r.door.locked)}) })
}

// asked goes on if a question can be put to the lock itself.
func (c *Cloud) asked(r *request, then func()) {
	c.look(r, func(lock.Observation) {
		d := r.door
		if code := c.barred(d); code != 0 {
			r.fail(code)
			return
		}
		switch c.fleet.Reach(d.of.ID) {
		case lock.Reached:
			then()
		case lock.HubDown:
			r.fail(meaning("hub_offline", d))
		default:
			r.fail(meaning("lock_offline", d))
		}
	})
}

// barred says why no command can be sent to a lock now, or 0.
func (c *Cloud) barred(d *door) int {
	switch {
	case d.unpaired:
		return noGateway
	case d.gateway != nil && d.gateway.busy:
		return gatewayBusy
	case d.sleepy && d.gateway == nil:
		return powerSaving
	case d.busy:
		return lockBusy
	}
	return 0
}

// occupy marks the way to a lock as taken, until free is called.
func (d *door) occupy() (free func()) {
	way := &d.busy
	if d.gateway != nil {
		way = &d.gateway.busy
	}
	*way = true
	return func() { *way = false }
}

// gives is how long the cloud waits for a lock.
const gives = 30 * time.Second

// command sends a call over the gateway or the network and goes on with what the lock has answered. The caller waits meanwhile.
func (c *Cloud) command(r *request, x sim.Call, then func(sim.Result)) {
	d := r.door
	if code := c.barred(d); code != 0 {
		c.look(r, func(lock.Observation) { r.fail(code) })
		return
	}
	free := d.occupy()
	x.Device, x.Deadline = d.of.ID, c.fleet.Now().Add(gives)
	c.fleet.Call(x, func(result sim.Result) {
		free()
		if result.Err != nil {
			c.refuse(r, d, result)
			return
		}
		then(result)
	})
}

func (c *Cloud) lock(r *request) { c.move(r, true) }

func (c *Cloud) unlock(r *request) { c.move(r, false) }

func (c *Cloud) move(r *request, locked bool) {
	c.asked(r, func() {
		r.door.locked = locked
		kind := byGateway
		if locked {
			kind = byApp
		}
		c.enter(r.door, record{Kind: kind, KindAtLock: kind, Success: 1, Username: Username(c.account)}, c.fleet.Now())
		r.done()
	})
}

func (c *Cloud) gatewayJSON(g *gateway) map[string]any {
	n := 0
	for _, d := range g.doors {
		n += bit(!d.unpaired && d.gateway == g)
	}
	return map[string]any{
		"gatewayId": g.number, "gatewayMac": mac(string(g.id)), "gatewayName": string(g.id), "gatewayVersion": 2, "networkName": "house", "networkMac": mac("house"),
		"lockNum": n, "isOnline": bit(!c.down(g)),
	}
}

// down reports whether a gateway is out of the cloud's reach. The vendor notices some minutes late; this side at once.
func (c *Cloud) down(g *gateway) bool {
	return slices.ContainsFunc(g.doors, func(d *door) bool { return c.fleet.Reach(d.of.ID) == lock.HubDown })
}

func (c *Cloud) listGateways(r *request) {
	c.look(r, func(lock.Observation) {
		var all []map[string]any
		for _, g := range c.gateways {
			all = append(all, c.gatewayJSON(g))
		}
		paged(r, all, 200)
	})
}

func (c *Cloud) showGateway(r *request) {
	c.ofGateway(r, func(g *gateway) { r.json(c.gatewayJSON(g)) })
}

func (c *Cloud) ofGateway(r *request, then func(*gateway)) {
	c.look(r, func(lock.Observation) {
		n := r.number("gatewayId", 0)
		i := slices.IndexFunc(c.gateways, func(g *gateway) bool { return g.number == n })
		if i < 0 {
			r.fail(noGatewayFound)
			return
		}
		then(c.gateways[i])
	})
}

// The relation of locks and gateways: a lock that a gateway does not hear is not near it. The vendor keeps it for half an hour; this
// side tells how it is.

func (c *Cloud) hears(g *gateway, d *door) bool {
	return d.gateway == g && !d.unpaired && c.fleet.Reach(d.of.ID) != lock.LockDown
}

const strong = -60 // dBm

func (c *Cloud) gatewaysOfLock(r *request) {
	c.look(r, func(lock.Observation) {
		list := []map[string]any{}
		if g := r.door.gateway; g != nil && c.hears(g, r.door) {
			list = append(list, map[string]any{
				"gatewayId": g.number, "gatewayMac": mac(string(g.id)), "gatewayName": string(g.id), "rssi": strong, "updateDate": millis(c.fleet.Now()),
			})
		}
		r.json(map[string]any{"list": list})
	})
}

func (c *Cloud) locksOfGateway(r *request) {
	c.ofGateway(r, func(g *gateway) {
		list := []map[string]any{}
		for _, d := range g.doors {
			if c.hears(g, d) {
				list = append(list, map[string]any{
					"lockId": d.number, "lockName": bluetoothName(d), "lockAlias": d.of.Name, "lockMac": mac(string(d.of.ID)), "rssi": strong, "updateDate": millis(c.fleet.Now()),
				})
			}
		}
		r.json(map[string]any{"list": list})
	})
}

func (c *Cloud) showWiFi(r *request) {
	c.look(r, func(lock.Observation) {
		d := r.door
		if !d.onWiFi() {
			r.fail(noNetwork)
			return
		}
		saving := 2
		if d.sleepy {
			saving = 1
		}
		r.json(map[string]any{
			"networkName": "house", "wifiMac": mac(string(d.of.ID) + "wifi"), "rssiGrade": 3, "isOnline": c.fleet.Reach(d.of.ID) == lock.Reached,
			"powerSavingMode": saving,
		})
	})
}
