package api

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// A credential that somebody else put on a lock has no id of its own: its id says the lock and the handle there.
const unmanagedWord = "unmanaged_"

// UnmanagedID is the id of what stands on a lock under a handle and is nobody's here.
func UnmanagedID(d lock.DeviceID, ref lock.Ref) lock.CodeID {
	return lock.CodeID(unmanagedWord + base64.RawURLEncoding.EncodeToString([]byte(string(d)+"\x00"+string(ref))))
}

// unmanagedOf reads such an id.
func unmanagedOf(id lock.CodeID) (lock.DeviceID, lock.Ref, bool) {
	word, ok := strings.CutPrefix(string(id), unmanagedWord)
	if !ok {
		return "", "", false
	}
	raw, err := base64.RawURLEncoding.DecodeString(word)
	device, ref, ok := strings.Cut(string(raw), "\x00")
	return lock.DeviceID(device), lock.Ref(ref), ok && err == nil
}

// unmanagedCode is such a credential as the API shows it.
type unmanagedCode struct {
	anyCode
	Hidden bool   `json:"cannot_be_managed,omitempty"`
	Weekly string `json:"weekly_schedule,omitempty"` // times of the week at which alone it opens
}

func (s *Server) renderUnmanaged(d *engine.DeviceView, v engine.SlotView, now time.Time) unmanagedCode {
	u := unmanagedCode{Hidden: d.Traits.HidesPIN || v.Weekly != "", Weekly: v.Weekly, anyCode: anyCode{
		ID: UnmanagedID(d.ID, v.Ref), Workspace: s.space.ID, Device: d.ID, Name: maybe(v.Name), Type: engine.Ongoing,
		Status: engine.StatusUnset, Created: stamp(v.Seen), Errors: []trouble{}, Warnings: []trouble{},
	}}
	if v.Enabled && v.Held.Contains(now) {
		u.Status = engine.StatusSet
	}
	if v.Held.Bounded() {
		u.Type, u.Starts, u.Ends = engine.TimeBound, ptr(stamp(v.Held.From)), ptr(stamp(v.Held.To))
	}
	return u
}

// foreign lists what others put on a device.
func (c *call) foreign(id lock.DeviceID) ([]unmanagedCode, error) {
	s, err := c.snapshot(engine.Query{View: engine.ViewDevice, Device: id})
	if err != nil {
		return nil, err
	}
	all := []unmanagedCode{}
	for _, v := range s.Device.Slots {
		if v.State == "unmanaged" {
			all = append(all, c.renderUnmanaged(s.Device, v, s.Now))
		}
	}
	return all, nil
}

// stranger finds one unmanaged code by its id.
func (c *call) stranger(id lock.CodeID) (unmanagedCode, lock.DeviceID, lock.Ref, error) {
	none := problem(http.StatusNotFound, "access_code_not_found", "no unmanaged access code "+clip(string(id)))
	device, ref, ok := unmanagedOf(id)
	if !ok {
		return unmanagedCode{}, "", "", none
	}
	all, err := c.foreign(device)
	if err != nil {
		return unmanagedCode{}, "", "", err
	}
	for _, u := range all {
		if u.ID == id {
			return u, device, ref, nil
		}
	}
	return unmanagedCode{}, "", "", none
}

type listUnmanaged struct {
	Device lock.DeviceID `json:"device_id" need:"true" doc:"the device whose codes are wanted"`
	Search *string       `json:"search" doc:"part of a name or id"`
	Page
}

func unmanagedList(c *call, p listUnmanaged) (reply, error) {
	all, err := c.foreign(p.Device)
	if err != nil {
		return nil, err
	}
	page, next, err := paginate(c, p.Page, all, func(u unmanagedCode) string { return string(u.ID) }, func(u unmanagedCode) bool {
		return p.Search == nil || contains(string(u.Name), *p.Search) || contains(string(u.ID), *p.Search)
	})
	if err != nil {
		return nil, err
	}
	return reply{"access_codes": page, "pagination": next}, nil
}

type getUnmanaged struct {
	Code   *lock.CodeID   `json:"access_code_id" doc:"the id that the list gives"`
	Device *lock.DeviceID `json:"device_id" doc:"its device, which alone does not find it"`
	Digits *string        `json:"code" doc:"refused: digits that others have chosen are never told here, nor whether somebody has them"`
}

func unmanagedGet(c *call, p getUnmanaged) (reply, error) {
	switch {
	case p.Digits != nil:
		return nil, invalid(mistake{"code", "finds no code that somebody else has made: its digits are never told here; ask by access_code_id"})
	case p.Code == nil:
		return nil, invalid(mistake{"access_code_id", "is required"})
	}
	u, device, _, err := c.stranger(*p.Code)
	if err == nil && p.Device != nil && *p.Device != device {
		err = problem(http.StatusNotFound, "access_code_not_found", "no unmanaged access code "+clip(string(*p.Code))+" on this device")
	}
	return reply{"access_code": u}, err
}

type deleteUnmanaged struct {
	Code lock.CodeID `json:"access_code_id" need:"true" doc:"the id that the list gives"`
	Sync *bool       `json:"sync" doc:"without effect: the answer never waits for the lock"`
}

func unmanagedDelete(c *call, p deleteUnmanaged) (reply, error) {
	_, device, ref, err := c.stranger(p.Code)
	if err != nil {
		return nil, err
	}
	_, err = c.submit(engine.DeleteUnmanaged{Device: device, Ref: ref})
	if err != nil {
		return nil, err
	}
	return reply{"action_attempt": c.attempt(attemptDelete, p.Code)}, nil
}

type convertUnmanaged struct {
	Code     lock.CodeID `json:"access_code_id" need:"true" doc:"the id that the list gives"`
	External *bool       `json:"is_external_modification_allowed" also:"allow_external_modification" doc:"changes made at the lock are honoured"`
	Force    *bool       `json:"force" doc:"without effect: there is no other workspace to take it from"`
	Sync     *bool       `json:"sync" doc:"without effect: the answer always waits until the code is managed"`
	Managed  *bool       `json:"is_managed" doc:"must be true"`
}

func unmanagedConvert(c *call, p convertUnmanaged) (reply, error) {
	if p.Managed != nil && !*p.Managed {
		return nil, invalid(mistake{"is_managed", "must be true: it is not managed already"})
	}
	_, device, ref, err := c.stranger(p.Code)
	if err != nil {
		return nil, err
	}
	_, err = c.submit(engine.Adopt{Device: device, Ref: ref, AllowExternal: yes(p.External)})
	return reply{}, err
}
