package testkit

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// What the fake of Adobe Stock takes and has.
const (
	StockClient = "client-of-presswerk"
	StockSecret = "p8e-very-secret"
	StockHits   = 45 // pictures that every search finds
	StockFirst  = 9007199254740000
	StockSide   = 1200 // longer side of a licensed file
)

// StockRules say how the fake behaves. The zero value sells one licence for each picture, and nothing goes wrong.
type StockRules struct {
	Quota   int  // licences that are left, 1 where it is 0; negative is none
	Overage bool // beyond them it bills
	Cut     int  // so many purchases are carried out and their answers lost
	Late    bool // the history doesn't show what was bought
	Fails   int  // status of all answers but tokens, where it isn't 0
	Page    bool // HTML in place of JSON
	Comps   bool // a watermarked preview comes in place of a licensed file
	Flood   bool // 2 GB come in place of a licensed file
	Torn    int  // so many licensed files break off
}

// Stock is a stateful fake of Adobe Stock and of the identity service before it. Files lie on another host, which gets no token.
type Stock struct {
	URL   string
	shelf *httptest.Server

	mu     sync.Mutex
	rules  StockRules        // guarded by mu
	bought map[string]string // guarded by mu: "ID/licence" → where its file lies
	buys   int               // guarded by mu
	asked  []string          // guarded by mu: paths, in their order
	tokens int               // guarded by mu
	likes  int               // guarded by mu: pictures that were sent to be compared
}

// NewStock opens the fake for the length of the test.
func NewStock(t testing.TB) *Stock {
	s, stop := OpenStock(func(text string) { t.Error(text) })
	t.Cleanup(stop)
	return s
}

// OpenStock opens the fake until stop is called. Complain hears what a client must not do.
func OpenStock(complain func(string)) (s *Stock, stop func()) {
	s = &Stock{bought: map[string]string{}}
	s.shelf = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if told := r.Header.Get("Authorization") + r.Header.Get("X-Api-Key") + r.Header.Get("Referer") + r.URL.RawQuery; strings.Contains(told, "token") || strings.Contains(told, StockClient) {
			complain("another host was told " + told)
		}
		s.file(w)
	}))
	server := httptest.NewServer(s)
	s.URL = server.URL
	return s, func() { server.Close(); s.shelf.Close() }
}

// Change changes the rules.
func (s *Stock) Change(change func(*StockRules)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.rules)
}

// Buys is how many licences were sold.
func (s *Stock) Buys() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buys
}

// Asked is how many requests had a path that ends so.
func (s *Stock) Asked(end string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.asked {
		if strings.HasSuffix(p, end) {
			n++
		}
	}
	return n
}

// Likes is how many pictures were sent to be compared.
func (s *Stock) Likes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.likes
}

// ServeHTTP answers as the service does.
func (s *Stock) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.Path)
	switch rules := s.rules; {
	case r.URL.Path == "/ims/token/v3":
		s.token(w, r)
	case rules.Fails != 0:
		w.Header().Set("Retry-After", "7")
		Answer(w, rules.Fails, map[string]any{"error_code": strconv.Itoa(rules.Fails) + "050", "message": "not now, " + StockSecret})
	case rules.Page:
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><title>Sign in</title>")
	case strings.HasPrefix(r.URL.Path, "/Rest/Libraries/Watermarked/"):
		_, _ = w.Write(stockPicture(StockSide / 3))
	case strings.HasPrefix(r.URL.Path, "/Rest/Libraries/Download/"):
		s.download(w, r)
	case r.Header.Get("X-Product") == "" || r.Header.Get("X-Api-Key") != StockClient:
		Answer(w, http.StatusForbidden, map[string]any{"error_code": "403003", "message": "Api Key is invalid"})
	case strings.HasPrefix(r.URL.Path, "/Rest/Media/"):
		s.media(w, r)
	case !s.knows(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")):
		Answer(w, http.StatusUnauthorized, map[string]any{"error": "Invalid access token", "code": 10})
	default:
		s.libraries(w, r)
	}
}

func (s *Stock) knows(token string) bool { return token == fmt.Sprintf("token-%d", s.tokens) }

func (s *Stock) token(w http.ResponseWriter, r *http.Request) {
	if r.ParseForm() != nil || r.Form.Get("client_secret") != StockSecret || r.Form.Get("client_id") != StockClient || r.Form.Get("scope") == "" {
		Answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client", "error_description": "not with " + r.Form.Get("client_secret")})
		return
	}
	s.tokens++
	Answer(w, http.StatusOK, map[string]any{"access_token": fmt.Sprintf("token-%d", s.tokens), "token_type": "bearer", "expires_in": 86399})
}

// media answers about pictures. Every one is a photo but those that end in 7, which are vectors, and in 8, which a model made.
func (s *Stock) media(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var ids []int
	switch {
	case strings.HasSuffix(r.URL.Path, "/Search/Files"):
		if q.Get("search_parameters[similar_image]") == "1" {
			file, _, err := r.FormFile("similar_image")
			if err != nil {
				Answer(w, http.StatusBadRequest, map[string]any{"error": "Image Data missing", "code": 100})
				return
			}
			_ = file.Close()
			s.likes++
		}
		limit, offset := atoi(q.Get("search_parameters[limit]"), 32), atoi(q.Get("search_parameters[offset]"), 0)
		for i := offset; i < min(offset+limit, StockHits); i++ {
			ids = append(ids, StockFirst+i)
		}
	default:
		if id := atoi(q.Get("ids"), 0); id >= StockFirst && id < StockFirst+StockHits {
			ids = append(ids, id)
		}
	}
	files := []any{}
	for _, id := range ids {
		f := map[string]any{
			"id": id, "title": "A hill in fog", "width": StockSide, "height": StockSide / 2, "creator_name": "Grace", "media_type_id": 1, "content_type": "image/jpeg",
			"thumbnail_url": s.shelf.URL + "/thumb", "comp_url": fmt.Sprintf("%s/Rest/Libraries/Watermarked/Download/%d/1", s.URL, id), "details_url": "https://stock.adobe.com/1", "is_gentech": id%10 == 8, "premium_level_id": 0,
		}
		if id%10 == 7 {
			f["content_type"], f["media_type_id"] = "image/svg+xml", 3
		}
		if s.bought[fmt.Sprintf("%d/Standard", id)] != "" {
			f["is_licensed"] = "Standard"
		}
		files = append(files, f)
	}
	Answer(w, http.StatusOK, map[string]any{"nb_results": StockHits, "files": files})
}

func (s *Stock) libraries(w http.ResponseWriter, r *http.Request) {
	id, license := r.URL.Query().Get("content_id"), r.URL.Query().Get("license")
	owned := s.bought[id+"/"+license]
	contents := func(details map[string]any) map[string]any {
		return map[string]any{"contents": map[string]any{id: map[string]any{"content_id": id, "size": "Comp", "purchase_details": details}}}
	}
	switch r.URL.Path {
	case "/Rest/Libraries/1/Content/Info":
		if owned == "" {
			Answer(w, http.StatusOK, contents(map[string]any{"state": "not_purchased"}))
			return
		}
		Answer(w, http.StatusOK, contents(map[string]any{"state": "purchased", "license": license, "date": "2026-11-25 22:57:48"}))
	case "/Rest/Libraries/1/Member/Profile":
		Answer(w, http.StatusOK, s.profile())
	case "/Rest/Libraries/1/Content/License":
		state := "purchased"
		if owned == "" {
			state = "just_purchased"
			s.Own(id, license)
			s.buys++
			s.rules.Quota--
		}
		if s.rules.Cut > 0 {
			s.rules.Cut--
			panic(http.ErrAbortHandler)
		}
		Answer(w, http.StatusOK, contents(map[string]any{"state": state, "license": license, "date": "2026-11-26 22:57:48", "url": s.bought[id+"/"+license], "content_type": "image/jpeg", "width": StockSide, "height": StockSide / 2}))
	case "/Rest/Libraries/1/Member/LicenseHistory":
		s.history(w, r)
	default:
		Answer(w, http.StatusOK, map[string]any{"error": "Invalid Method", "code": 31})
	}
}

// Own lets the account have a licence that was bought elsewhere. It is for tests before they begin, and for the fake itself.
func (s *Stock) Own(id, license string) {
	s.bought[id+"/"+license] = fmt.Sprintf("%s/Rest/Libraries/Download/%s/1", s.URL, id)
}

func (s *Stock) profile() map[string]any {
	quota := max(s.rules.Quota, 0)
	if s.rules.Quota == 0 && s.buys == 0 {
		quota = 1
	}
	options := map[string]any{"state": "possible", "requires_checkout": false, "message": fmt.Sprintf("This will use 1 of your %d licenses.", quota)}
	switch {
	case quota > 0:
	case s.rules.Overage:
		options["state"], options["message"] = "overage", "Would you like to license the image for $2.99?"
	default:
		options = map[string]any{"state": "not_possible", "requires_checkout": true, "message": "You don't have enough standard credits to license this asset.", "url": "https://stock.adobe.com/plans"}
	}
	return map[string]any{"available_entitlement": map[string]any{"quota": quota}, "purchase_options": options}
}

// history shows what was bought behind a page of older licences.
func (s *Stock) history(w http.ResponseWriter, r *http.Request) {
	const older = 130
	limit, offset := atoi(r.URL.Query().Get("search_parameters[limit]"), 100), atoi(r.URL.Query().Get("search_parameters[offset]"), 0)
	var all []any
	for i := range older {
		all = append(all, map[string]any{"id": i + 1, "license": "Standard", "license_date": "9/21/17, 9:00 PM", "download_url": s.URL + "/old", "title": "old", "width": 1, "height": 1})
	}
	for key, address := range s.bought {
		id, license, _ := strings.Cut(key, "/")
		if !s.rules.Late {
			all = append(all, map[string]any{"id": atoi(id, 0), "license": license, "license_date": "11/26/26, 9:00 PM", "download_url": address, "width": StockSide, "height": StockSide / 2})
		}
	}
	Answer(w, http.StatusOK, map[string]any{"nb_results": len(all), "files": all[min(offset, len(all)):min(offset+limit, len(all))]})
}

// download leads to the file, for a token in the query and no header.
func (s *Stock) download(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Authorization") != "":
		w.WriteHeader(http.StatusBadRequest)
	case !s.knows(r.URL.Query().Get("token")):
		Answer(w, http.StatusUnauthorized, map[string]any{"error": "This download is expired"})
	default:
		http.Redirect(w, r, s.shelf.URL+"/original?signature=x", http.StatusFound)
	}
}

func (s *Stock) file(w http.ResponseWriter) {
	s.mu.Lock()
	rules := s.rules
	if s.rules.Torn > 0 {
		s.rules.Torn--
	}
	s.mu.Unlock()
	side := StockSide
	if rules.Comps {
		side /= 3
	}
	data := stockPicture(side)
	switch {
	case rules.Flood:
		flood(w, nil)
	case rules.Torn > 0:
		w.Header().Set("Content-Length", "1000000")
		_, _ = w.Write(data[:len(data)/2])
		panic(http.ErrAbortHandler)
	default:
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(data)
	}
}

// stockPicture draws a dark shape on a light ground.
func stockPicture(width int) []byte {
	m := image.NewGray(image.Rect(0, 0, width, width/2))
	for i := range m.Pix {
		m.Pix[i] = 230
	}
	for y := width / 8; y < 3*width/8; y++ {
		for x := width / 3; x < 2*width/3; x++ {
			m.SetGray(x, y, color.Gray{Y: uint8(20 + 40*x/width)})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		return []byte(base64.StdEncoding.EncodeToString([]byte(err.Error())))
	}
	return b.Bytes()
}

func atoi(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return otherwise
}
