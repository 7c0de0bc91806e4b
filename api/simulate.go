package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

type simulateDevice struct {
	Device lock.DeviceID `json:"device_id" need:"true" doc:"the device"`
}

// breaks places a fault on what is at of a device, or ends those there.
func breaks(at func(*engine.DeviceView) string, kind string, heal bool) func(*call, simulateDevice) (reply, error) {
	return func(c *call, p simulateDevice) (reply, error) {
		s, err := c.snapshot(engine.Query{View: engine.ViewDevice, Device: p.Device})
		if err != nil {
			return nil, err
		}
		target := at(s.Device)
		if target == "" {
			return nil, problem(http.StatusBadRequest, "device_type_not_supported", "this device hangs on no hub")
		}
		if heal {
			return reply{}, labProblem(c.lab.Heal(c.ctx, target))
		}
		_, err = c.lab.Inject(c.ctx, lab.Fault{On: target, Kind: kind})
		return reply{}, labProblem(err)
	}
}

func itself(v *engine.DeviceView) string { return string(v.ID) }
func itsHub(v *engine.DeviceView) string { return string(v.Hub) }

type simulateAccount struct {
	Account lock.AccountID `json:"connected_account_id" need:"true" doc:"the account"`
}

func accountsDisconnect(c *call, p simulateAccount) (reply, error) {
	if _, err := accountsGet(c, getAccount{p.Account}); err != nil {
		return nil, err
	}
	_, err := c.lab.Inject(c.ctx, lab.Fault{On: string(p.Account), Kind: "auth-expired"})
	return reply{}, labProblem(err)
}

type keypadEntry struct {
	Device lock.DeviceID `json:"device_id" need:"true" doc:"the device"`
	Code   string        `json:"code" need:"true" doc:"what is typed"`
}

func keypadType(c *call, p keypadEntry) (reply, error) {
	pin, err := lock.ParsePIN(p.Code)
	if err != nil {
		return nil, invalid(mistake{"code", "must be 1 to 12 digits"})
	}
	if _, err := c.device(p.Device); err != nil {
		return nil, err
	}
	try, err := c.lab.Type(c.ctx, p.Device, pin)
	if err != nil {
		return nil, labProblem(err)
	}
	return reply{
		"action_attempt": attempt{ID: attemptID(attemptKeypad, lock.CodeID(p.Device)), Type: attemptKeypad, Status: "success"},
		"opens":          try.Opens, "reason": maybe(try.Reason),
	}, nil
}

type foreignCode struct {
	Device lock.DeviceID `json:"device_id" need:"true" doc:"the device"`
	Name   string        `json:"name" need:"true" doc:"what it is called on the lock"`
	Code   string        `json:"code" need:"true" doc:"its digits, 4 to 8"`
}

// seenWithin bounds, in real time, how long an answer waits until the engine has seen what was put on a lock.
const seenWithin = 2 * time.Second

// foreignCreate has somebody put a code on a lock behind the engine's back, and the engine look there. The code is null in the
// answer as long as the engine has not seen it: while the clock stands, for one.
func foreignCreate(c *call, p foreignCode) (reply, error) {
	pin, err := digits(p.Code)
	if err != nil || len(p.Code) > 8 {
		return nil, invalid(mistake{"code", "must be 4 to 8 digits"})
	}
	before, err := c.foreign(p.Device)
	if err != nil {
		return nil, err
	}
	if err := c.lab.Edit(c.ctx, lab.Edit{Lock: p.Device, Kind: "add", Name: p.Name, PIN: pin}); err != nil {
		return nil, labProblem(err)
	}
	ctx, stop := context.WithCancel(c.ctx)
	defer stop()
	bell := c.host.Bell(ctx)
	if _, err := c.submit(engine.Observe{Device: p.Device}); err != nil {
		return nil, err
	}
	state, err := c.lab.State(c.ctx)
	if err != nil {
		return nil, labProblem(err)
	}
	for late := c.clock.After(seenWithin); ; {
		now, err := c.foreign(p.Device)
		if err != nil {
			return nil, err
		}
		for _, u := range now {
			if !slices.ContainsFunc(before, func(b unmanagedCode) bool { return b.ID == u.ID }) {
				return reply{"access_code": u}, nil
			}
		}
		if state.Paused {
			return reply{"access_code": nil}, nil
		}
		select {
		case <-late:
			return reply{"access_code": nil}, nil
		case <-bell:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// unable answers for what simulated locks don't have, as the hosted API does for devices that can't.
func unable(what string) func(*call, simulateDevice) (reply, error) {
	return func(c *call, p simulateDevice) (reply, error) {
		if _, err := c.device(p.Device); err != nil {
			return nil, err
		}
		return nil, problem(http.StatusBadRequest, "device_type_not_supported", what)
	}
}

type simulatePaid struct {
	Device  lock.DeviceID `json:"device_id" need:"true" doc:"the device"`
	Expired bool          `json:"is_expired" need:"true" doc:"whether nobody pays any more"`
}

func unpaid(c *call, p simulatePaid) (reply, error) {
	return unable("this device needs no subscription")(c, simulateDevice{p.Device})
}

func deviceGone(c *call, p simulateDevice) (reply, error) {
	_, err := c.submit(engine.RemoveDevice{Device: p.Device})
	return reply{}, err
}

// labProblem is what a simulation refuses.
func labProblem(err error) error {
	if err == nil {
		return nil
	}
	return problem(http.StatusBadRequest, "invalid_input", err.Error())
}
