package seam

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

// viewPage is where a browser links an account.
const viewPage = "/connect_webviews/view"

// views are the pages by which people link their accounts. Here somebody who opens one has agreed.
type views struct {
	account lock.AccountID
	made    int
	opened  map[string]bool
}

// open answers a browser; false: there is no such page.
func (v *views) open(r facade.Request, reply func(facade.Reply)) bool {
	id := r.Query.Get("connect_webview_id")
	if _, ok := v.opened[id]; !ok {
		reply(problem(http.StatusNotFound, "connect_webview_not_found", "there is no such page"))
		return false
	}
	v.opened[id] = true
	reply(facade.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("The account is linked.")})
	return true
}

func (v *views) answer(r facade.Request, path string) facade.Reply {
	var in struct {
		ID        string   `json:"connect_webview_id"`
		Providers []string `json:"accepted_providers"`
	}
	if json.Unmarshal(r.Body, &in) != nil {
		return problem(http.StatusBadRequest, "invalid_input", "the body is not JSON")
	}
	switch path {
	case "/connect_webviews/create":
		if v.opened == nil {
			v.opened = map[string]bool{}
		}
		v.made++
		in.ID = fmt.Sprintf("webview-%d", v.made)
		v.opened[in.ID] = false
	case "/connect_webviews/get":
		if _, ok := v.opened[in.ID]; !ok {
			return problem(http.StatusNotFound, "connect_webview_not_found", "there is no such page")
		}
	default:
		return problem(http.StatusNotFound, "not_found", "nothing is served here")
	}
	view := map[string]any{
		"connect_webview_id": in.ID, "url": r.Base + viewPage + "?connect_webview_id=" + in.ID, "status": "pending", "connected_account_id": nil, "accepted_providers": in.Providers,
	}
	if v.opened[in.ID] {
		view["status"], view["connected_account_id"] = "authorized", v.account
	}
	return facade.JSON(http.StatusOK, map[string]any{"ok": true, "connect_webview": view})
}
