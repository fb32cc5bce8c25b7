// Serves the page: its files, and index.html for every address that the page itself resolves.
#pragma once

#include "maru/http/router.h"

namespace maru::web {

// Adds the routes of the page. They are public: what the page shows comes from the API, which asks for credentials.
void MountPages(http::Router& router);

}  // namespace maru::web
