package main

import (
	"cmp"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/engine"
)

// called is a code for people.
func called(c engine.CodeView) string {
	return cmp.Or(c.Name, string(c.ID)) + " at " + cmp.Or(c.DeviceName, string(c.Device))
}

func codesUpdate(s *talk, args []string) error {
	c, err := s.liveCode(args[0])
	if err != nil {
		return err
	}
	do := engine.Update{Code: c.ID, AcceptGap: s.on("accept-gap")}
	if s.given("name") {
		name := s.text("name")
		do.Name = &name
	}
	if s.given("pin-file") {
		pin, err := s.pin()
		if err != nil {
			return err
		}
		do.PIN = &pin
	}
	if s.given("jit") {
		jit := s.on("jit")
		do.JIT = &jit
	}
	if do.Starts, do.Ends, err = s.window(c.Zone, c.Starts); err != nil {
		return err
	}
	if do == (engine.Update{Code: c.ID, AcceptGap: do.AcceptGap}) {
		return badInput("codes update: nothing to change: give --name, --pin-file, --starts, --ends or --jit")
	}
	return s.act(do, deed{"change", "changed", called(c), c.Zone})
}

func codesExtend(s *talk, args []string) error {
	c, err := s.liveCode(args[0])
	if err != nil {
		return err
	}
	if c.Ends.IsZero() {
		return refused("code: %s has no end that could be moved; codes convert gives it one", called(c))
	}
	to, err := s.readMoment("TIME", args[1], c.Ends, c.Zone)
	if err != nil {
		return err
	}
	if !to.After(c.Ends) {
		return badInput("TIME: %s is not after the end, which is %s; codes update --ends makes a stay shorter", clock(to, s.Now(), c.Zone), clock(c.Ends, s.Now(), c.Zone))
	}
	return s.act(engine.Update{Code: c.ID, Ends: &to, AcceptGap: s.on("accept-gap")}, deed{"extend", "extended", called(c) + " to " + clock(to, s.Now(), c.Zone), c.Zone})
}

func codesConvert(s *talk, args []string) error {
	c, err := s.liveCode(args[0])
	if err != nil {
		return err
	}
	if s.on("ongoing") {
		if s.given("starts") || s.given("ends") {
			return badInput("ongoing: goes without --starts and --ends")
		}
		return s.act(engine.Convert{Code: c.ID, Ongoing: true, AcceptGap: s.on("accept-gap")}, deed{"make", "made", called(c) + " ongoing", c.Zone})
	}
	starts, ends, err := s.window(c.Zone, time.Time{})
	if err != nil {
		return err
	}
	if ends == nil {
		return badInput("codes convert needs --ongoing, or --ends and perhaps --starts")
	}
	from := or(starts)
	if from.IsZero() {
		from = s.Now()
	}
	return s.act(engine.Convert{Code: c.ID, Starts: from, Ends: *ends, AcceptGap: s.on("accept-gap")}, deed{"give an end to", "gave an end to", called(c), c.Zone})
}

func codesDelete(s *talk, args []string) error {
	c, err := s.liveCode(args[0])
	if err != nil {
		return err
	}
	return s.act(engine.Delete{Code: c.ID, Leaked: s.on("leaked")}, deed{"revoke", "revoked", called(c), c.Zone})
}

func codesRotate(s *talk, args []string) error {
	c, err := s.liveCode(args[0])
	if err != nil {
		return err
	}
	pin, err := s.pin()
	if err != nil {
		return err
	}
	return s.act(engine.Rotate{Code: c.ID, PIN: pin, AcceptGap: s.on("accept-gap")}, deed{"give new digits to", "gave new digits to", called(c), c.Zone})
}

func undo(s *talk, args []string) error {
	n, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil || n < 1 {
		return badInput("RECEIPT: %q is not a number such as a command prints", clipped(args[0]))
	}
	return s.act(engine.Undo{Receipt: engine.Seq(n), AcceptGap: s.on("accept-gap")}, deed{"take back", "took back", "command " + args[0], ""})
}

func poolPull(s *talk, args []string) error {
	c, err := s.liveCode(args[0])
	if err != nil {
		return err
	}
	return s.act(engine.PullBackup{Code: c.ID}, deed{"give a backup for", "gave a backup for", called(c), c.Zone})
}

func poolEnable(s *talk, args []string) error { return s.pool(args[0], true) }

func poolDisable(s *talk, args []string) error { return s.pool(args[0], false) }

func (s *talk) pool(name string, on bool) error {
	d, err := s.device(name)
	if err != nil {
		return err
	}
	if on {
		return s.act(engine.SetPool{Device: d.ID, On: true}, deed{"keep", "from now on keeps", "backup codes ready on " + doorOf(d), d.Zone})
	}
	return s.act(engine.SetPool{Device: d.ID}, deed{"keep", "from now on keeps", "no backup codes on " + doorOf(d), d.Zone})
}
