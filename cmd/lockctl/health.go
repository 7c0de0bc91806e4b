package main

import "net/http"

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

// health answers whether the daemon lives, whether it is ready, and what it measured.
func (d *daemon) health(m *meter) map[string]http.Handler {
	return map[string]http.Handler{
		"/healthz": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			h := d.host.Load()
			select {
			case <-h.Ended():
				http.Error(w, "the engine has ended", http.StatusServiceUnavailable)
			default:
				say(w, "ok\n")
			}
		}),
		"/readyz": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if why := d.ready.Load(); why != nil {
				http.Error(w, *why, http.StatusServiceUnavailable)
				return
			}
			say(w, "ready\n")
		}),
		"/metrics": m.handler(),
	}
}

func say(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if _, err := w.Write([]byte(text)); err != nil {
		return // whoever asked has gone
	}
}
