package igloohome

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/accesscodes/lockctl/sim/facade"
)

// deviceJSON is a device of any type.
type deviceJSON struct {
	ID       string     `json:"id"`
	Type     string     `json:"type"`
	DeviceID string     `json:"deviceId"`
	Name     string     `json:"deviceName"`
	Paired   string     `json:"pairedAt"`
	Home     []string   `json:"homeId"`
	Linked   []linkJSON `json:"linkedDevices"`
	Battery  *int       `json:"batteryLevel,omitempty"`
}

type linkJSON struct {
	Type     string `json:"type"`
	DeviceID string `json:"deviceId"`
}

const (
	home     = "h1"
	pairedAt = "2025-01-02T03:04:05.000Z"
)

func thing(kind, id, name string) deviceJSON {
	return deviceJSON{ID: hexID(id), Type: kind, DeviceID: id, Name: name, Paired: pairedAt, Home: []string{home}, Linked: []linkJSON{}}
}

// devices are the bridges, the locks, and a keypad beside the first lock, which belongs to it.
func (c *Cloud) devices() []deviceJSON {
	all := []deviceJSON{}
	for _, b := range c.bridges {
		x := thing("Bridge", b.id, b.name)
		for _, d := range b.doors {
			x.Linked = append(x.Linked, linkJSON{"Lock", d.id})
		}
		all = append(all, x)
	}
	for i, d := range c.doors {
		x := thing("Lock", d.id, d.of.Name)
		x.Battery = new(int(math.Round(d.charge * 100)))
		all = append(all, x)
		if i == 0 {
			k := thing("Keypad", "KP1X"+d.id[4:], "Keypad of "+d.of.Name)
			k.Linked = append(k.Linked, linkJSON{"Lock", d.id})
			all = append(all, k)
		}
	}
	return all
}

// maxPage is the most that a page has.
const maxPage = 100

func (c *Cloud) listDevices(r *request) {
	limit, from := cmp.Or(c.Habits.Page, 20), 0
	var err error
	if text := r.Query.Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxPage {
			r.reply(c.fault(http.StatusBadRequest, "'limit' must be a number from 1 to 100"))
			return
		}
	}
	all := c.devices()
	if text := r.Query.Get("cursor"); text != "" {
		if from = slices.IndexFunc(all, func(d deviceJSON) bool { return d.ID == text }); from < 0 {
			r.reply(c.fault(http.StatusBadRequest, "'cursor' is not valid"))
			return
		}
	}
	c.look(r, func() facade.Reply {
		page := all[from:min(from+limit, len(all))]
		var next any = ""
		switch {
		case from+limit < len(all):
			next = all[from+limit].ID
		case c.Habits.NullCursor:
			next = nil
		}
		return facade.JSON(http.StatusOK, map[string]any{"nextCursor": next, "payload": page})
	})
}

func (c *Cloud) showDevice(r *request) {
	all := c.devices()
	i := slices.IndexFunc(all, func(d deviceJSON) bool { return d.DeviceID == r.id })
	if i < 0 {
		r.reply(c.fault(http.StatusNotFound, "Device not found"))
		return
	}
	r.door = c.door(r.id)
	c.look(r, func() facade.Reply {
		if c.Habits.Wrapped {
			return facade.JSON(http.StatusOK, map[string]any{"payload": all[i]})
		}
		return facade.JSON(http.StatusOK, all[i])
	})
}

func (c *Cloud) listProperties(r *request) {
	c.look(r, func() facade.Reply {
		return facade.JSON(http.StatusOK, map[string]any{"nextCursor": "", "payload": []map[string]string{{"id": home, "name": string(c.account)}}})
	})
}

// look answers something that the cloud knows by itself.
func (c *Cloud) look(r *request, answer func() facade.Reply) {
	d := r.door
	switch {
	case d == nil && len(c.doors) == 0:
		r.reply(answer())
		return
	case d == nil:
		d = c.doors[0]
	}
	c.enter(r, d, "observe", func(bool) facade.Reply { return answer() })
}
