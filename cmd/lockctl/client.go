package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/api"
)

// askFor bounds a request to the daemon.
const askFor = 30 * time.Second

// ask sends a request to the daemon of this data folder and reads its answer into out.
func (a *app) ask(path string, in, out any) error {
	dir, err := a.dataDir()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(a.ctx, askFor)
	defer cancel()
	client := overSocket(a.socket(dir))
	defer client.CloseIdleConnections()
	err = api.NewClient("http://lockctl", "", client, clockwork.NewRealClock()).Ask(ctx, path, in, out)
	var p *api.Problem
	switch {
	case err == nil:
		return nil
	case unheard(err):
		return a.noDaemon(dir)
	case !errors.As(err, &p):
		return err
	case p.Type == "invalid_input":
		return badInput("%s", p.Message)
	case p.Status < http.StatusInternalServerError:
		return refused("%s", p.Message)
	}
	return errors.New(p.Message)
}

// unheard reports whether a request found nobody.
func unheard(err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial"
}

func (a *app) noDaemon(dir string) error {
	return refused("no lockctl serve runs on this data folder: nothing listens on %s", a.socket(dir))
}
