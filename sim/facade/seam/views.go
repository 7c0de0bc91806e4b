package seam

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/api"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

// viewPage is where a browser links an account.
const viewPage = "/connect_webviews/view"

// views are the pages by which people link their accounts. Here somebody who opens one has agreed.
type views struct {
	account  lock.AccountID
	provider string // of the account, by the service's name; "": the workspace has no locks
	made     int
	all      []*view // oldest first
}

// view is one of them, as the API shows it.
type view struct {
	ID          string            `json:"connect_webview_id"`
	Workspace   lock.AccountID    `json:"workspace_id"`
	Created     string            `json:"created_at"`
	URL         string            `json:"url"`
	Status      string            `json:"status"` // pending, authorized or failed
	Linked      bool              `json:"login_successful"`
	Account     *lock.AccountID   `json:"connected_account_id"`
	Authorized  *string           `json:"authorized_at"`
	Selected    *string           `json:"selected_provider"`
	Providers   []string          `json:"accepted_providers"`
	AnyProvider bool              `json:"any_provider_allowed"`
	Devices     []string          `json:"accepted_devices"`
	AnyDevice   bool              `json:"any_device_allowed"`
	Accepts     []string          `json:"accepted_capabilities"`
	Selection   string            `json:"device_selection_mode"`
	Manage      bool              `json:"automatically_manage_new_devices"`
	Wait        bool              `json:"wait_for_device_creation"`
	Redirect    *string           `json:"custom_redirect_url"`
	Failed      *string           `json:"custom_redirect_failure_url"`
	Metadata    map[string]string `json:"custom_metadata"`
}

// viewAsked are the parameters of requests about such pages.
type viewAsked struct {
	ID        string            `json:"connect_webview_id"`
	Providers []string          `json:"accepted_providers"`
	Accepts   []string          `json:"accepted_capabilities"`
	Category  string            `json:"provider_category"`
	Selection string            `json:"device_selection_mode"`
	Manage    *bool             `json:"automatically_manage_new_devices"`
	Wait      bool              `json:"wait_for_device_creation"`
	Redirect  *string           `json:"custom_redirect_url"`
	Failed    *string           `json:"custom_redirect_failure_url"`
	Metadata  map[string]string `json:"custom_metadata"`
	Limit     int               `json:"limit"`
	After     string            `json:"page_cursor"`
}

// stamped is an instant as the API writes it.
func stamped(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (v *views) find(id string) *view {
	if i := slices.IndexFunc(v.all, func(one *view) bool { return one.ID == id }); i >= 0 {
		return v.all[i]
	}
	return nil
}

// open answers a browser, and reports whether that has linked the account.
func (v *views) open(r facade.Request, now time.Time, reply func(facade.Reply)) bool {
	one := v.find(r.Query.Get("connect_webview_id"))
	if one == nil {
		reply(problem(http.StatusNotFound, "connect_webview_not_found", "there is no such page"))
		return false
	}
	said, to := "The account is linked.", one.Redirect
	if slices.Contains(one.Providers, v.provider) {
		at := stamped(now)
		one.Status, one.Linked, one.Account, one.Authorized, one.Selected = "authorized", true, &v.account, &at, &v.provider
	} else {
		said, to = "This page links accounts of other vendors.", one.Failed
		one.Status = "failed"
	}
	x := facade.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(said)}
	if to != nil {
		x.Status = http.StatusFound
		x.Header.Set("Location", *to)
	}
	reply(x)
	return one.Linked
}

func (v *views) answer(r facade.Request, path string, now time.Time) facade.Reply {
	verbs := map[string]string{"create": "POST", "get": "GET POST", "list": "GET POST", "delete": "POST DELETE"}[strings.TrimPrefix(path, "/connect_webviews/")]
	switch {
	case verbs == "":
		return problem(http.StatusNotFound, "not_found", "nothing is served here")
	case !slices.Contains(strings.Fields(verbs), r.Method):
		return problem(http.StatusMethodNotAllowed, "method_not_allowed", path+" takes "+verbs)
	}
	in, err := viewParams(r)
	if err != nil {
		return invalid("", err.Error())
	}
	switch path {
	case "/connect_webviews/create":
		return v.create(in, r.Base, now)
	case "/connect_webviews/list":
		return v.list(in)
	}
	one := v.find(in.ID)
	switch {
	case in.ID == "":
		return invalid("connect_webview_id", "is required")
	case one == nil:
		return problem(http.StatusNotFound, "connect_webview_not_found", "there is no such page")
	case path == "/connect_webviews/delete":
		v.all = slices.DeleteFunc(v.all, func(x *view) bool { return x == one })
		return facade.JSON(http.StatusOK, map[string]any{"ok": true})
	}
	return facade.JSON(http.StatusOK, map[string]any{"ok": true, "connect_webview": one})
}

// viewParams reads what a request about a page says in its query, or in its body.
func viewParams(r facade.Request) (in viewAsked, err error) {
	if len(r.Body) == 0 {
		in.ID, in.After = r.Query.Get("connect_webview_id"), r.Query.Get("page_cursor")
		if limit := r.Query.Get("limit"); limit != "" {
			in.Limit, err = strconv.Atoi(limit)
		}
		if err != nil {
			err = errors.New("limit must be a whole number")
		}
		return in, err
	}
	if json.Unmarshal(r.Body, &in) != nil {
		err = errors.New("the body is not JSON as this request takes it")
	}
	return in, err
}

func (v *views) create(in viewAsked, base string, now time.Time) facade.Reply {
	switch {
	case !isAddress(in.Redirect):
		return invalid("custom_redirect_url", "must be an address")
	case !isAddress(in.Failed):
		return invalid("custom_redirect_failure_url", "must be an address")
	}
	v.made++
	id := fmt.Sprintf("webview-%d", v.made)
	one := &view{
		ID: id, Workspace: v.account, Created: stamped(now), URL: base + viewPage + "?connect_webview_id=" + id, Status: "pending",
		Providers: in.Providers, AnyProvider: len(in.Providers) == 0 && in.Category == "", Devices: []string{}, AnyDevice: true, Accepts: in.Accepts,
		Selection: in.Selection, Manage: in.Manage == nil || *in.Manage, Wait: in.Wait, Redirect: in.Redirect, Failed: in.Failed, Metadata: in.Metadata,
	}
	if len(one.Providers) == 0 {
		one.Providers = api.Providers(in.Category)
	}
	if one.Accepts == nil {
		one.Accepts = []string{"lock"}
	}
	if one.Selection == "" {
		one.Selection = "none"
	}
	if one.Metadata == nil {
		one.Metadata = map[string]string{}
	}
	v.all = append(v.all, one)
	v.all = v.all[max(0, len(v.all)-viewsAtMost):]
	return facade.JSON(http.StatusOK, map[string]any{"ok": true, "connect_webview": one})
}

// isAddress reports whether a browser can be sent there; nil: it is not to be.
func isAddress(to *string) bool {
	if to == nil {
		return true
	}
	at, err := url.Parse(*to)
	return err == nil && at.Host != ""
}

// viewsAtMost bounds the pages that are remembered.
const viewsAtMost = 500

func (v *views) list(in viewAsked) facade.Reply {
	from := 0
	if in.After != "" {
		from = 1 + slices.IndexFunc(v.all, func(x *view) bool { return x.ID == in.After })
	}
	page := append([]*view{}, v.all[from:]...)
	next := map[string]any{"has_next_page": false, "next_page_cursor": nil, "next_page_url": nil}
	if in.Limit > 0 && len(page) > in.Limit {
		page = page[:in.Limit]
		next["has_next_page"], next["next_page_cursor"] = true, page[in.Limit-1].ID
	}
	return facade.JSON(http.StatusOK, map[string]any{"ok": true, "connect_webviews": page, "pagination": next})
}
