package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Page are the parameters of every list that comes in pages.
type Page struct {
	Limit  *int    `json:"limit" doc:"how many at most"`
	Cursor *string `json:"page_cursor" doc:"next_page_cursor of the page before"`
}

// pagination tells whether a list goes on.
type pagination struct {
	More   bool  `json:"has_next_page"`
	Cursor maybe `json:"next_page_cursor"`
	URL    maybe `json:"next_page_url"`
}

// cursor is where a page ended. It holds only for the request that it came from.
type cursor struct {
	After string `json:"a"`
	Query string `json:"q"`
}

// bounds checks the parameters of a page: how many are wanted, and after what.
func (p Page) bounds(c *call, most int) (limit int, after string, err error) {
	limit = most
	if p.Limit != nil {
		if *p.Limit < 1 || *p.Limit > most {
			return 0, "", invalid(mistake{"limit", "must lie between 1 and " + number(most)})
		}
		limit = *p.Limit
	}
	if p.Cursor == nil {
		return limit, "", nil
	}
	var at cursor
	raw, err := base64.RawURLEncoding.DecodeString(*p.Cursor)
	if err != nil || json.Unmarshal(raw, &at) != nil {
		return 0, "", invalid(mistake{"page_cursor", "is none that was given out here"})
	}
	if at.Query != c.asked() {
		return 0, "", problem(http.StatusBadRequest, "invalid_input", "page_cursor belongs to a request with other parameters")
	}
	return limit, at.After, nil
}

// follow is the pagination of a page that ended with last, or was the last one if that is "".
func (p Page) follow(c *call, last string) pagination {
	if last == "" {
		return pagination{}
	}
	raw, _ := json.Marshal(cursor{last, c.asked()})
	at := base64.RawURLEncoding.EncodeToString(raw)
	return pagination{More: true, Cursor: maybe(at), URL: c.next(at)}
}

// next is the address of the next page, for a GET; "": it is not known where the caller has found this server, as on a socket.
func (c *call) next(cursor string) maybe {
	if c.home == "" {
		return ""
	}
	q := url.Values{"page_cursor": {cursor}}
	for name, raw := range c.in {
		var several []json.RawMessage
		switch {
		case name == "page_cursor", string(raw) == "null":
		case json.Unmarshal(raw, &several) == nil:
			q[name] = []string{}
			for _, x := range several {
				q.Add(name, unquoted(x))
			}
			if len(several) == 0 {
				q.Add(name, "")
			}
		default:
			q.Set(name, unquoted(raw))
		}
	}
	return maybe(c.home + c.row.path + "?" + q.Encode())
}

// unquoted is a JSON value as a query string has it.
func unquoted(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// asked tells requests apart by everything but their page.
func (c *call) asked() string {
	h := sha256.New()
	h.Write([]byte(c.row.path))
	names := make([]string, 0, len(c.in))
	for name := range c.in {
		if name != "page_cursor" && name != "limit" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		h.Write([]byte("\x00" + name + "\x00"))
		h.Write(c.in[name])
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:9])
}

// maxPage bounds a page of anything.
const maxPage = 1000

// paginate cuts a page out of a whole list that is in the order of its ids.
func paginate[T any](c *call, p Page, all []T, id func(T) string, match func(T) bool) ([]T, pagination, error) {
	limit, after, err := p.bounds(c, maxPage)
	if err != nil {
		return nil, pagination{}, err
	}
	slices.SortFunc(all, func(a, b T) int { return strings.Compare(id(a), id(b)) })
	page := []T{}
	for _, v := range all {
		if id(v) <= after || !match(v) {
			continue
		}
		if len(page) == limit {
			return page, p.follow(c, id(page[limit-1])), nil
		}
		page = append(page, v)
	}
	return page, p.follow(c, ""), nil
}
