"""What a deployed Glue crawler is set to do.

Sources: AWS Glue API, Crawler; AWS Glue Developer Guide, "Customizing crawler behavior".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from local_aws.deployed import ANY, expect, number
from local_aws.errors import SettingsError

# One table at the folder below the bucket, whose partitions have the table's columns. A crawl adds new columns at the
# end and changes no type.
_CONFIGURATION = {
    "Version": 1.0,
    "CreatePartitionIndex": False,
    "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas", "TableLevelConfiguration": 2},
    "CrawlerOutput": {
        "Partitions": {"AddOrUpdateBehavior": "InheritFromTable"},
        "Tables": {"AddOrUpdateBehavior": "MergeNewColumns"},
    },
}
_POLICIES = {
    "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"},
    "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
}
# GetCrawler answers these too. They set nothing.
_STATE = ("Name", "Description", "Schedule", "State", "CrawlElapsedTime", "CreationTime", "LastUpdated", "LastCrawl")


@dataclass(frozen=True)
class CrawlerSettings:
    """A crawler of one folder: `bucket`/`folder`/ holds the table's partitions.

    A crawl reads at most `sample_size` objects of each partition.
    """

    name: str
    role_arn: str
    database: str
    bucket: str
    folder: str
    sample_size: int

    @property
    def location(self) -> str:
        """Where the table is, as Glue writes it."""
        return f"s3://{self.bucket}/{self.folder}/"

    @classmethod
    def of(cls, crawler: Mapping[str, Any]) -> Self:
        """Take the settings from GetCrawler's answer. Raises SettingsError for settings that are not the template's."""
        where = f"Crawler {crawler['Name']}"
        groups = dict.fromkeys(("Role", "DatabaseName", "Targets", "Configuration", *_POLICIES), ANY)
        expect(where, crawler, groups, ignored=(*_STATE, "Version"))
        for group, expected in _POLICIES.items():
            expect(f"{group} of {where}", crawler[group], expected)
        configuration = json.loads(crawler["Configuration"] or "{}")
        expect(f"Configuration of {where}", configuration, _CONFIGURATION)
        expect(f"Targets of {where}", crawler["Targets"], {"S3Targets": ANY})
        target, *others = crawler["Targets"]["S3Targets"]
        expect(f"S3Targets of {where}", target, {"Path": ANY, "SampleSize": ANY})
        sample_size = int(number(f"S3Targets of {where}", target, "SampleSize", 1, 249))
        path = re.fullmatch(r"s3://([^/]+)/([^/]+)/?", target["Path"])
        if others or not path:
            paths = [each["Path"] for each in (target, *others)]
            raise SettingsError(f"{where} crawls {paths}, and the stand-in takes one folder of a bucket.")
        return cls(crawler["Name"], crawler["Role"], crawler["DatabaseName"], path[1], path[2], sample_size)
