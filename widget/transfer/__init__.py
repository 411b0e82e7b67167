"""Bringing comments in from other systems.

An importer (importers/) reads one system's export and yields pages with their comments, all in the
same words; `intake` stores them, once each; `report` counts what became of them. Nothing here
commits, and nothing rings or sends: an import never mails anyone.
"""

from widget.transfer.files import Unreadable
from widget.transfer.importers import IMPORTERS, Importer
from widget.transfer.intake import Intake
from widget.transfer.report import Report

__all__ = ["IMPORTERS", "Importer", "Intake", "Report", "Unreadable"]
