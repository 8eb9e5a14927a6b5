#include <curl/curl.h>
#include <dlfcn.h>

#include <cstdarg>

#include "evenkeel/base/error.h"

// libcurl's functions, each found when it is first called. Linked into wheels in place of the library: that brings
// forty others, among them those of Kerberos and LDAP, and only `evenkeel data fetch` needs it. A static copy would
// look for the certificates of another system.

namespace {

void* found(const char* name) {
  static void* const library = [] {
    for (const char* file : {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.so"})
      if (void* const opened = dlopen(file, RTLD_NOW | RTLD_LOCAL)) return opened;
    throw evenkeel::Error{
        {.kind = evenkeel::Error::environment,
         .where = "libcurl",
         .expected = "libcurl.so.4, to download files",
         .received = "none on this system",
         .hint = "Install libcurl4 (Debian) or libcurl (Fedora), or put the files in place by hand."}};
  }();
  void* const function = dlsym(library, name);
  if (!function)
    throw evenkeel::Error{{.kind = evenkeel::Error::environment,
                           .where = "libcurl",
                           .expected = name,
                           .received = "a version without it",
                           .hint = "Install version 7.83 or newer."}};
  return function;
}

template <class Function>
Function* of(const char* name) {
  return reinterpret_cast<Function*>(found(name));
}

}  // namespace

#undef curl_easy_setopt
#undef curl_easy_getinfo

extern "C" {

CURLcode curl_global_init(long flags) { return of<CURLcode(long)>("curl_global_init")(flags); }
void curl_global_cleanup() { of<void()>("curl_global_cleanup")(); }
CURL* curl_easy_init() { return of<CURL*()>("curl_easy_init")(); }
void curl_easy_cleanup(CURL* curl) { of<void(CURL*)>("curl_easy_cleanup")(curl); }
CURLcode curl_easy_perform(CURL* curl) { return of<CURLcode(CURL*)>("curl_easy_perform")(curl); }
const char* curl_easy_strerror(CURLcode code) { return of<const char*(CURLcode)>("curl_easy_strerror")(code); }
curl_slist* curl_slist_append(curl_slist* list, const char* text) {
  return of<curl_slist*(curl_slist*, const char*)>("curl_slist_append")(list, text);
}
void curl_slist_free_all(curl_slist* list) { of<void(curl_slist*)>("curl_slist_free_all")(list); }
CURLHcode curl_easy_header(CURL* curl, const char* name, size_t index, unsigned int origin, int request,
                           curl_header** header) {
  return of<CURLHcode(CURL*, const char*, size_t, unsigned int, int, curl_header**)>("curl_easy_header")(
      curl, name, index, origin, request, header);
}

// Every option is a long, a pointer or a curl_off_t: of the size of a pointer on all 64-bit systems.
CURLcode curl_easy_setopt(CURL* curl, CURLoption option, ...) {
  va_list arguments;
  va_start(arguments, option);
  void* const value = va_arg(arguments, void*);
  va_end(arguments);
  return of<CURLcode(CURL*, CURLoption, ...)>("curl_easy_setopt")(curl, option, value);
}
CURLcode curl_easy_getinfo(CURL* curl, CURLINFO info, ...) {
  va_list arguments;
  va_start(arguments, info);
  void* const value = va_arg(arguments, void*);
  va_end(arguments);
  return of<CURLcode(CURL*, CURLINFO, ...)>("curl_easy_getinfo")(curl, info, value);
}

}  // extern "C"
