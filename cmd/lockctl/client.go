package main

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/jonboulle/clockwork"
)

// askFor bounds a request to the daemon.
const askFor = 30 * time.Second

// ask sends a request to the daemon and reads its answer into out.
func (a *app) ask(path string, in, out any) error {
	ctx, cancel := context.WithTimeout(a.ctx, askFor)
	defer cancel()
	c, err := a.client(clockwork.NewRealClock())
	if err != nil {
		return err
	}
	if err = c.Ask(ctx, path, in, out); unheard(err) {
		return a.noDaemon()
	}
	return err
}

// unheard reports whether a request found nobody.
func unheard(err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial"
}

// noDaemonError says that nobody answers where a daemon would.
type noDaemonError struct{ at string }

func (e *noDaemonError) Error() string {
	return "no lockctl serve runs: nothing listens on " + e.at
}

func (a *app) noDaemon() error {
	if to := a.text("to"); to != "" {
		return &noDaemonError{to}
	}
	dir, err := a.dataDir()
	if err != nil {
		return err
	}
	return &noDaemonError{a.socket(dir)}
}
