package main

import (
	"cmp"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// settings are all that the environment decides. Every setting of the program is read here.
type settings struct {
	NativeDirs []string // where native libraries and converted models may be, best first
	ModelDirs  []string // where models may be, best first
	Threads    int      // PRESSWERK_THREADS: of one network; 0 means what its model asks for, so that pictures don't depend on the number of cores
	Providers  []string // PRESSWERK_PROVIDER: ONNX Runtime's execution providers, best first, with commas; none means cpu
	Memory     int64    // PRESSWERK_MEMORY: MiB that loaded models may take, here in bytes; 0 means half of the machine's
	CacheDir   string   // for what can be made again
	BaseURL    string   // PRESSWERK_BASE_URL: where sites will be reached, for sitemaps and previews; ends with "/"
	User       string   // who decides when no name is given
	Passphrase string   // PRESSWERK_PASSPHRASE: of backups, unless a file is named
	// SigningPassphrase opens an encrypted signing key: PRESSWERK_SIGNING_PASSPHRASE, or the first line of the file that
	// PRESSWERK_SIGNING_PASSPHRASE_FILE names.
	SigningPassphrase string
	Embedder          string   // PRESSWERK_EMBEDDER: the network that compares pictures with words and pictures; "" takes the first that is here
	Store             string   // PRESSWERK_STORE: where pulled and added models are kept
	HubToken          string   // PRESSWERK_HUB_TOKEN, else HF_TOKEN: for gated models of the catalogue's hubs
	Mirrors           []string // PRESSWERK_MIRRORS: bases that are asked before a hub, by comma
	Trainer           []string // where the trainer may be, best first; PRESSWERK_TRAINER names a folder
	Python            string   // PRESSWERK_TRAINER_PYTHON: a Python that has what the trainer needs; "" sets one up
	Cache             string   // the user's cache folder for Presswerk
	Hosted            hosted
	Comfy             comfySettings
	Servers           []serverSetting // PRESSWERK_SDAPI: web UIs and stable-diffusion.cpp servers, by comma, as in http://host:7860 or box=http://user:password@host:7860
}

// Names of the native libraries inside a native folder.
const (
	onnxVersion = "1.32.0"
	onnxLibrary = "onnxruntime/libonnxruntime.so." + onnxVersion
	c2paLibrary = "c2pa/libc2pa_c.so"
	upscalerDir = "models/realesrgan"
)

func readSettings(getenv func(string) string) settings {
	var s settings
	if dir := getenv("PRESSWERK_LIB"); dir != "" {
		s.NativeDirs = append(s.NativeDirs, dir)
	}
	if dir := getenv("PRESSWERK_MODELS"); dir != "" {
		s.ModelDirs = append(s.ModelDirs, dir)
	}
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			root := filepath.Dir(filepath.Dir(real)) // bin/presswerk → the folder around bin
			s.NativeDirs = append(s.NativeDirs, filepath.Join(root, "native"))
			s.ModelDirs = append(s.ModelDirs, filepath.Join(root, "models"))
			s.Trainer = append(s.Trainer, filepath.Join(root, "trainer"))
		}
	}
	s.NativeDirs = append(s.NativeDirs, filepath.Join(cacheDir(getenv), "presswerk", "native"))
	s.ModelDirs = append(s.ModelDirs, filepath.Join(cacheDir(getenv), "presswerk", "models"))
	if n, err := strconv.Atoi(getenv("PRESSWERK_THREADS")); err == nil && n > 0 {
		s.Threads = n
	}
	s.readStore(getenv)
	s.Hosted = readHosted(getenv)
	s.Comfy = readComfy(getenv)
	if list := getenv("PRESSWERK_PROVIDER"); list != "" {
		s.Providers = strings.Split(list, ",")
	}
	if n, err := strconv.ParseInt(getenv("PRESSWERK_MEMORY"), 10, 32); err == nil && n > 0 {
		s.Memory = n << 20
	}
	s.Servers = readServers(getenv("PRESSWERK_SDAPI"))
	s.CacheDir = filepath.Join(cacheDir(getenv), "presswerk")
	s.User = getenv("USER")
	s.Passphrase = getenv("PRESSWERK_PASSPHRASE")
	s.SigningPassphrase = getenv("PRESSWERK_SIGNING_PASSPHRASE")
	if text, err := os.ReadFile(getenv("PRESSWERK_SIGNING_PASSPHRASE_FILE")); err == nil {
		s.SigningPassphrase, _, _ = strings.Cut(strings.ReplaceAll(string(text), "\r", ""), "\n")
	}
	s.BaseURL = strings.TrimSuffix(cmp.Or(getenv("PRESSWERK_BASE_URL"), "http://localhost:8080"), "/") + "/"
	return s
}

// readStore reads what concerns the model store and the trainer.
func (s *settings) readStore(getenv func(string) string) {
	s.Cache = filepath.Join(cacheDir(getenv), "presswerk")
	s.Embedder = strings.TrimSpace(getenv("PRESSWERK_EMBEDDER"))
	s.Store = cmp.Or(getenv("PRESSWERK_STORE"), filepath.Join(dataDir(getenv), "presswerk", "models"))
	s.HubToken = strings.TrimSpace(cmp.Or(getenv("PRESSWERK_HUB_TOKEN"), getenv("HF_TOKEN")))
	for m := range strings.SplitSeq(getenv("PRESSWERK_MIRRORS"), ",") {
		if m = strings.TrimSpace(m); m != "" {
			s.Mirrors = append(s.Mirrors, m)
		}
	}
	if dir := getenv("PRESSWERK_TRAINER"); dir != "" {
		s.Trainer = append([]string{dir}, s.Trainer...)
	}
	s.Python = getenv("PRESSWERK_TRAINER_PYTHON")
}

// dataDir is the user's folder for data by the XDG rule, also where HOME is not set.
func dataDir(getenv func(string) string) string {
	if dir := getenv("XDG_DATA_HOME"); dir != "" {
		return dir
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".local", "share")
	}
	return filepath.Join(os.TempDir(), "data")
}

// cacheDir is the user's cache folder by the XDG rule, also where HOME is not set.
func cacheDir(getenv func(string) string) string {
	if dir := getenv("XDG_CACHE_HOME"); dir != "" {
		return dir
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".cache")
	}
	return filepath.Join(os.TempDir(), "cache")
}

// native finds a file in the native folders; when it is in none, it returns where make setup would put it.
func (s settings) native(name string) string {
	for _, dir := range s.NativeDirs {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return filepath.Join(s.NativeDirs[len(s.NativeDirs)-1], name)
}
