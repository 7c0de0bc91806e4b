package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/accesscodes/lockctl/sim/world"
)

// beside answers the paths of special, and leaves the others to rest.
func beside(special map[string]http.Handler, rest http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := special[r.URL.Path]; h != nil {
			h.ServeHTTP(w, r)
			return
		}
		rest.ServeHTTP(w, r)
	})
}

// health answers whether the engine lives, whether it is ready, and what was measured.
func health(dead func(context.Context) error, waits func() string, metrics http.Handler) map[string]http.Handler {
	return map[string]http.Handler{
		"/healthz": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), askFleet)
			defer cancel()
			if err := dead(ctx); err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
				return
			}
			say(w, "ok\n")
		}),
		"/readyz": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if why := waits(); why != "" {
				http.Error(w, why, http.StatusServiceUnavailable)
				return
			}
			say(w, "ready\n")
		}),
		"/metrics": metrics,
	}
}

// health is the daemon's.
func (d *daemon) health(m *meter) map[string]http.Handler {
	return health(func(context.Context) error {
		select {
		case <-d.host.Load().Ended():
			return errors.New("the engine has ended")
		default:
			return nil
		}
	}, func() string {
		if why := d.ready.Load(); why != nil {
			return *why
		}
		return ""
	}, m.handler())
}

// healthOf is a simulation's: it is ready as soon as anything answers.
func healthOf(p *world.Play) map[string]http.Handler {
	m := newMeter()
	m.registry.MustRegister(newGauges(p))
	return health(func(ctx context.Context) error { _, err := p.Lab().State(ctx); return err }, func() string { return "" }, m.handler())
}

func say(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if _, err := w.Write([]byte(text)); err != nil {
		return // whoever asked has gone
	}
}
