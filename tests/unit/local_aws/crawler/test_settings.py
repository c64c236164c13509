"""The crawler's stand-in takes the template's settings, and refuses all others before it starts."""

import copy
import json

import pytest

from local_aws.crawler.settings import CrawlerSettings
from local_aws.deployed import find_properties
from local_aws.errors import SettingsError
from tests.unit.template.parsed import TEMPLATE, resolve


def deployed():
    """Return the template's crawler, as the emulator's GetCrawler answers it."""
    crawler = resolve(copy.deepcopy(find_properties(TEMPLATE, "AWS::Glue::Crawler")))
    crawler |= {"Name": "crawler", "Role": "role", "DatabaseName": "database", "State": "READY", "Version": 1}
    crawler["Targets"] = {"S3Targets": [{"Path": "s3://bucket/sales_data/", "SampleSize": 10}]}
    return crawler | {"Classifiers": [], "TablePrefix": "", "LineageConfiguration": {}, "LastCrawl": None}


def configured(group, **changes):
    def change(crawler):
        configuration = json.loads(crawler["Configuration"])
        configuration[group] = configuration.get(group, {}) | changes
        crawler["Configuration"] = json.dumps(configuration)

    return change


def test_the_templates_settings_are_taken():
    settings = CrawlerSettings.of(deployed())
    assert settings == CrawlerSettings("crawler", "role", "database", "bucket", "sales_data", 10)
    assert settings.location == "s3://bucket/sales_data/"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda crawler: crawler.update(Classifiers=["mine"]), "has Classifiers, which"),
        (lambda crawler: crawler.update(TablePrefix="raw_"), "has TablePrefix, which"),
        (lambda crawler: crawler.update(Configuration=""), "has no Version"),
        (lambda crawler: crawler["SchemaChangePolicy"].update(UpdateBehavior="LOG"), "UpdateBehavior LOG"),
        (lambda crawler: crawler["SchemaChangePolicy"].pop("DeleteBehavior"), "has no DeleteBehavior"),
        (lambda crawler: crawler["RecrawlPolicy"].update(RecrawlBehavior="CRAWL_NEW_FOLDERS_ONLY"), "NEW_FOLDERS_ONLY"),
        (lambda crawler: crawler["Targets"].update(JdbcTargets=[{}]), "has JdbcTargets, which"),
        (lambda crawler: crawler["Targets"]["S3Targets"].append({"Path": "s3://bucket/b/"}), "takes one folder"),
        (lambda crawler: crawler["Targets"]["S3Targets"][0].update(Exclusions=["**"]), "has Exclusions, which"),
        (lambda crawler: crawler["Targets"]["S3Targets"][0].update(Path="s3://bucket/a/b/"), "takes one folder"),
        (lambda crawler: crawler["Targets"]["S3Targets"][0].update(SampleSize=250), "SampleSize 250"),
        (lambda crawler: crawler["Targets"]["S3Targets"][0].pop("SampleSize"), "has no SampleSize"),
        (configured("Grouping", TableLevelConfiguration=3), "Grouping {"),
        (configured("CrawlerOutput", Partitions={}), "CrawlerOutput {"),
        (configured("CrawlerOutput", Tables={"AddOrUpdateBehavior": "InheritFromTable"}), "CrawlerOutput {"),
        (configured("Other", a=1), "has Other, which"),
    ],
)
def test_every_other_setting_is_refused(change, complaint):
    crawler = deployed()
    change(crawler)
    with pytest.raises(SettingsError) as raised:
        CrawlerSettings.of(crawler)
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)
