package saltoks

import (
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

// siteUID is what people call the site by; paths want its UUID.
func siteUID(account lock.AccountID) string {
	return "DE" + strings.ToUpper(hexID(string(account), "uid")[:10])
}

func (c *Cloud) siteJSON() map[string]any {
	return map[string]any{"id": c.site, "site_uid": siteUID(c.account), "customer_reference": string(c.account)}
}

func (c *Cloud) listSites(r *request) { r.json(http.StatusOK, []map[string]any{c.siteJSON()}) }

func (c *Cloud) showSite(r *request) {
	out := c.siteJSON()
	out["active_user_amount"], out["subscribed_user_amount"], out["pin_enabled"] = c.taken(), c.Habits.Seats, true
	out["time_zone"], out["active_iq_amount"] = c.zone.String(), len(c.hubs())
	r.json(http.StatusOK, out)
}

func (c *Cloud) subscription(r *request) {
	features := []string{"activity_log", "nfc"}
	if c.Habits.CustomPIN {
		features = append(features, "custom_pin")
	}
	r.json(http.StatusOK, map[string]any{"user_amount": c.Habits.Seats, "type": "default", "features": features})
}

// hubs are the IQs of the site, by name.
func (c *Cloud) hubs() []lock.HubID {
	var all []lock.HubID
	for _, d := range c.doors {
		if !slices.Contains(all, d.of.Hub) {
			all = append(all, d.of.Hub)
		}
	}
	return all
}

// iq is a hub as the API tells of it.
type iq struct {
	ID       string `json:"id"`
	Name     string `json:"customer_reference"`
	Online   bool   `json:"online"`
	IsOnline bool   `json:"is_online"`
	OTP      bool   `json:"otp_enabled"`
	Synced   string `json:"data_sync_state"`
}

// iqs are the hubs of the site as they are now.
func (c *Cloud) iqs() map[lock.HubID]iq {
	all := map[lock.HubID]iq{}
	for _, d := range c.doors {
		x, known := all[d.of.Hub]
		if !known {
			x = iq{d.iq, "IQ " + string(d.of.Hub), true, true, true, "not_synced"}
		}
		if x.Online && c.fleet.Reach(d.of.ID) == lock.HubDown {
			x.Online, x.IsOnline = false, false
		}
		all[d.of.Hub] = x
	}
	return all
}

func (c *Cloud) listIQs(r *request) {
	var all []iq
	now := c.iqs()
	for _, h := range c.hubs() {
		all = append(all, now[h])
	}
	r.json(http.StatusOK, items(all))
}

func (c *Cloud) listRoles(r *request) {
	r.json(http.StatusOK, items([]map[string]any{{"id": uuid("role", "guest"), "code": "site_guest"}, {"id": uuid("role", "admin"), "code": "site_admin"}}))
}

// smartlock is a lock as the API tells of it.
type smartlock struct {
	ID        string            `json:"id"`
	Name      string            `json:"customer_reference"`
	Type      string            `json:"lock_type"`
	Online    bool              `json:"online"`
	Bolt      string            `json:"locked_state"`
	Battery   string            `json:"battery_level"`
	Radio     string            `json:"communication_type"`
	Link      string            `json:"iq_link_state"`
	Privacy   bool              `json:"privacy_mode"`
	Office    bool              `json:"office_mode"`
	LeftOpen  bool              `json:"left_open_alarm"`
	Intrusion bool              `json:"intrusion_alarm"`
	Vendor    map[string]string `json:"vendor"`
	IQ        iq                `json:"iq"`
}

// shown lists locks as they are now.
func (c *Cloud) shown(doors []*door) []smartlock {
	vendor, iqs := map[string]string{"reference": "sallis"}, c.iqs()
	var all []smartlock
	for _, d := range doors {
		modes := c.fleet.Modes(d.of.ID)
		all = append(all, smartlock{
			ID: d.id, Name: d.of.Name, Type: "escutcheon_pin", Online: c.fleet.Shown(d.of.ID) == lock.Reached, Bolt: "locked", Battery: c.battery(d), Radio: "blue_net",
			Link: "linked", Privacy: slices.Contains(modes, lock.ModePrivacy), Office: slices.Contains(modes, lock.ModeOffice), Vendor: vendor, IQ: iqs[d.of.Hub],
		})
	}
	return all
}

// battery is the charge of a lock, in the vendor's words.
func (c *Cloud) battery(d *door) string {
	switch level := c.fleet.Charge(d.of.ID); {
	case level <= 0.1:
		return "critical"
	case level <= 0.3:
		return "low"
	case level <= 0.7:
		return "good"
	}
	return "fresh"
}

func (c *Cloud) listLocks(r *request) { r.json(http.StatusOK, items(c.shown(c.doors))) }

// otpLimit is how many wrong one-time passwords a lock bears until a command blocks them.
const otpLimit = 3

// OTP is the one-time password of a remote opening at that instant, of an IQ that was activated with the secret and PIN of tests.
func OTP(account lock.AccountID, at time.Time) string {
	sum := md5.Sum([]byte(at.UTC().Format("20060102150405") + hexID(string(account), "iq secret") + "1234"))
	return hex.EncodeToString(sum[:])[:5]
}

// locking opens a lock from afar, for who has the one-time password of the moment.
func (c *Cloud) locking(r *request) {
	d, otp := r.door, r.text("otp")
	right := false
	for back := range 30 {
		right = right || otp == OTP(c.account, c.fleet.Now().Add(-time.Duration(back)*time.Second))
	}
	switch {
	case r.text("locked_state") != "unlocked":
		r.fail(http.StatusBadRequest, badParameter, "locked_state is not valid")
	case otp == "":
		r.fail(http.StatusNotFound, notFound, "Otp is invalid")
	case d.otpWrong >= otpLimit:
		r.fail(http.StatusForbidden, otpCode, "otp_blocked")
		c.fleet.After(time.Minute, func() { d.otpWrong = 0 })
	case !right:
		d.otpWrong++
		r.fail(http.StatusBadRequest, otpCode, "otp_invalid")
	default:
		d.otpWrong = 0
		r.json(http.StatusOK, map[string]any{"locked_state": "unlocked"})
	}
}

// stranger is the id that entries have of nobody.
const stranger = "ee8f17b4-0000-4000-8000-000000000000"

func (c *Cloud) listEntries(r *request) {
	if order := r.Query.Get("$orderby"); order != "" && order != "utc_date_time desc" {
		r.fail(http.StatusBadRequest, badOrder, "The order is not valid")
		return
	}
	top, err := strconv.Atoi(r.Query.Get("$top"))
	if err != nil || top < 1 || top > 1000 {
		top = 100
	}
	type line struct {
		at  time.Time
		out map[string]any
	}
	var all []line
	for _, d := range c.doors {
		if c.fleet.Reach(d.of.ID) != lock.Reached {
			continue // it is told when the lock is back
		}
		for _, e := range c.fleet.Log(d.of.ID) {
			out := map[string]any{
				"id": uuid(d.id, "entry", e.ID), "lock": map[string]any{"id": d.id}, "access_by": "pin_code", "event_category": "lock_opened", "event_detail": nil,
				"user_id": stranger, "user_alias": "", "utc_date_time": e.At.UTC().Format("2006-01-02T15:04:05.000Z"),
			}
			switch e.Kind {
			case lock.Denied:
				out["event_category"], out["event_detail"] = "lock_rejected", "no_access"
			case lock.Locked, lock.Tampered:
				continue
			case lock.Opened:
				for _, id := range d.order() {
					if x := d.delivered[id]; x.ref == e.Ref {
						out["user_id"], out["user_alias"] = x.user.platform, x.user.alias
					}
				}
			}
			all = append(all, line{e.At, out})
		}
	}
	slices.SortStableFunc(all, func(x, y line) int { return y.at.Compare(x.at) })
	var shown []map[string]any
	for _, l := range all[:min(top, len(all))] {
		shown = append(shown, l.out)
	}
	r.json(http.StatusOK, items(shown))
}

// Push implements facade.Cloud: the Connect API pushes nothing.
func (c *Cloud) Push(lock.DeviceID) []facade.Post { return nil }

// Called implements facade.Cloud.
func (c *Cloud) Called(id lock.DeviceID) string {
	for _, d := range c.doors {
		if d.of.ID == id {
			return d.id
		}
	}
	return ""
}
