package api

import (
	"net/http"

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
	try, err := c.lab.Type(c.ctx, p.Device, pin)
	if err != nil {
		return nil, labProblem(err)
	}
	return reply{
		"action_attempt": attempt{ID: attemptID(attemptKeypad, lock.CodeID(p.Device)), Type: attemptKeypad, Status: "success"},
		"opens":          try.Opens, "reason": maybe(try.Reason),
	}, nil
}

// labProblem is what a simulation refuses.
func labProblem(err error) error {
	if err == nil {
		return nil
	}
	return problem(http.StatusBadRequest, "invalid_input", err.Error())
}
